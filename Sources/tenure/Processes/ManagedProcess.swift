internal import CLinux
internal import Foundation
internal import Synchronization
internal import TenureSinks

/// A process that this one starts, reads, signals and waits for.
///
/// One thread of its own starts it, reads its output and waits for its end; so the parent-death signal that some
/// commands ask for, which Linux ties to the thread that started a process, comes when this process ends and not
/// before.
final class ManagedProcess: Sendable {
    /// Lines of output that a slow reader may be behind; the oldest are dropped beyond it.
    private static let lineBound = 100_000

    /// How it ended.
    enum End: Sendable, Hashable, CustomStringConvertible {
        case exited(Int32)
        case signalled(Int32)

        var description: String {
            switch self {
            case .exited(let status): "exit status \(status)"
            case .signalled(let signal): "signal \(signal)"
            }
        }
    }

    private struct State {
        var end: End?
        var waiters: [CheckedContinuation<End, Never>] = []
    }

    /// The process's ID.
    let pid: pid_t
    /// Its standard output, line by line; ends with it.
    let lines: AsyncStream<String>
    private let state: SharedState

    private final class SharedState: Sendable {
        let value = Mutex(State())
    }

    private init(pid: pid_t, lines: AsyncStream<String>, state: SharedState) {
        self.pid = pid
        self.lines = lines
        self.state = state
    }

    /// Starts a process that ends when this one does, however that comes.
    ///
    /// - Parameters:
    ///   - command: The program and its arguments.
    ///   - log: A file that gets its standard error; `nil` to share this process's.
    /// - Throws: ``Failure`` when it cannot be started.
    static func start(
        _ command: [String],
        environment: [String: String] = [:],
        log: String? = nil
    ) async throws(Failure) -> ManagedProcess {
        let started: Result<ManagedProcess, SpawnError> = await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                Self.live(command, environment: environment, log: log) { continuation.resume(returning: $0) }
            }
        }
        do throws(SpawnError) {
            return try started.get()
        } catch {
            throw Failure(.failed, "\(command[0]) cannot be started: \(error)")
        }
    }

    /// Whether it is still there.
    var isRunning: Bool { self.state.value.withLock { $0.end == nil } }

    /// Sends a signal, unless it has ended.
    func signal(_ signal: Int32) {
        // Under the lock that the end is noted under, so that the number cannot mean another process yet.
        self.state.value.withLock { state in
            if state.end == nil { kill(self.pid, signal) }
        }
    }

    /// Waits for its end.
    func end() async -> End {
        await withCheckedContinuation { continuation in
            let end = self.state.value.withLock { state -> End? in
                if state.end == nil { state.waiters.append(continuation) }
                return state.end
            }
            if let end { continuation.resume(returning: end) }
        }
    }

    /// Ends it: one signal after the other, each with its time, and SIGKILL at last.
    @discardableResult
    func stop(_ signals: (signal: Int32, patience: Duration)...) async -> End {
        for (signal, patience) in signals {
            self.signal(signal)
            if let end = await self.end(within: patience) { return end }
        }
        self.signal(SIGKILL)
        return await self.end()
    }

    /// Waits for its end, but not longer than this.
    func end(within patience: Duration) async -> End? {
        let deadline = ContinuousClock.now + patience
        while self.isRunning, ContinuousClock.now < deadline, !Task.isCancelled {
            // Ends early by cancellation only, which the condition sees.
            try? await Task.sleep(for: .milliseconds(20))
        }
        return self.state.value.withLock { $0.end }
    }

    // MARK: - Its thread

    private static func live(
        _ command: [String],
        environment: [String: String],
        log: String?,
        started: (Result<ManagedProcess, SpawnError>) -> Void
    ) {
        var pipe: [Int32] = [-1, -1]
        guard pipe2(&pipe, O_CLOEXEC) == 0 else { return started(.failure(SpawnError(code: errno))) }
        let errorLog = log.map { open($0, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600) }
        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let pid: pid_t
        do throws(SpawnError) {
            defer {
                close(pipe[1])
                if let errorLog { close(errorLog) }
            }
            pid = try spawn(
                command,
                environment: variables.map { "\($0.key)=\($0.value)" },
                input: nil,
                output: pipe[1],
                error: errorLog ?? STDERR_FILENO
            )
        } catch {
            close(pipe[0])
            return started(.failure(error))
        }

        let (lines, continuation) = AsyncStream.makeStream(
            of: String.self,
            bufferingPolicy: .bufferingNewest(Self.lineBound)
        )
        let state = SharedState()
        started(.success(ManagedProcess(pid: pid, lines: lines, state: state)))
        Self.read(pipe[0], into: continuation)
        Self.awaitEnd(of: pid, state)
    }

    private static func read(_ descriptor: Int32, into lines: AsyncStream<String>.Continuation) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        var rest: [UInt8] = []
        while true {
            let count = Foundation.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            var parts = (rest + buffer[..<count]).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            rest = Array(parts.removeLast())
            for part in parts { lines.yield(String(decoding: part, as: UTF8.self)) }
        }
        if !rest.isEmpty { lines.yield(String(decoding: rest, as: UTF8.self)) }
        lines.finish()
        close(descriptor)
    }

    private static func awaitEnd(of pid: pid_t, _ state: SharedState) {
        var info = siginfo_t()
        // A zombie first, whose number is still its own: then the end is noted, and it is reaped, under the lock.
        while waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT) == -1 && errno == EINTR {}
        let (end, waiters) = state.value.withLock { state in
            var status: Int32 = 0
            while waitpid(pid, &status, 0) == -1 && errno == EINTR {}
            let signal = status & 0x7F
            let end: End = signal == 0 ? .exited((status >> 8) & 0xFF) : .signalled(signal)
            state.end = end
            defer { state.waiters = [] }
            return (end, state.waiters)
        }
        for waiter in waiters { waiter.resume(returning: end) }
    }
}
