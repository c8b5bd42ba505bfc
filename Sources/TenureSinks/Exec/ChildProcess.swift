internal import Foundation
internal import Synchronization

/// One process in a group of its own, fed from memory and waited for by a thread of its own.
///
/// Waiting blocks a thread that is made for it, never one of the cooperative pool. Cancelling the task of ``run()``
/// ends the whole process group.
final class ChildProcess: Sendable {
    /// How it ended.
    enum Status: Sendable, Equatable {
        case exited(Int32)
        case signalled(Int32)
        case notStarted(String)
    }

    /// How it ended and what it said last.
    struct End: Sendable, Equatable {
        var status: Status
        /// The end of standard error, without line breaks around it.
        var errorText: String
    }

    private struct State {
        /// Set while the process exists or is a zombie: only then does the number surely mean this process.
        var pid: pid_t?
        var cancelledAt: ContinuousClock.Instant?
    }

    private let command: [String]
    private let environment: [String]
    private let input: [UInt8]
    private let grace: Duration
    private let state = Mutex(State())

    /// Describes a process.
    ///
    /// - Parameters:
    ///   - environment: Entries of the form `NAME=value`.
    ///   - grace: From SIGTERM to SIGKILL when it is cancelled.
    init(command: [String], environment: [String], input: [UInt8], grace: Duration) {
        self.command = command
        self.environment = environment
        self.input = input
        self.grace = grace
    }

    /// Runs it to its end. To be called once.
    func run() async -> End {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                Thread.detachNewThread {
                    continuation.resume(returning: self.runBlocking())
                }
            }
        } onCancel: {
            self.cancel()
        }
    }

    private func cancel() {
        self.state.withLock { state in
            state.cancelledAt = state.cancelledAt ?? .now
            if let pid = state.pid { kill(-pid, SIGTERM) }
        }
    }

    private func runBlocking() -> End {
        let pipes: ChildPipes
        do throws(SpawnError) {
            pipes = try ChildPipes()
        } catch {
            return End(status: .notStarted(error.description), errorText: "")
        }
        // It owns the parent's ends from here on.
        var feed = ChildFeed(pipes: pipes, input: self.input)
        let pid: pid_t
        do throws(SpawnError) {
            defer { pipes.closeChildEnds() }
            pid = try spawn(
                self.command,
                environment: self.environment,
                input: pipes.inputReader,
                output: nil,
                error: pipes.errorWriter
            )
        } catch {
            return End(status: .notStarted(error.description), errorText: "")
        }
        self.state.withLock { state in
            state.pid = pid
            if state.cancelledAt != nil { kill(-pid, SIGTERM) }
        }

        while !self.hasEnded(pid) {
            feed.pump()
            self.killWhenGraceIsOver()
        }
        feed.drain()
        return End(status: self.reap(pid), errorText: feed.errorText)
    }

    private func killWhenGraceIsOver() {
        self.state.withLock { state in
            guard let pid = state.pid, let cancelledAt = state.cancelledAt, .now - cancelledAt >= self.grace else {
                return
            }
            kill(-pid, SIGKILL)
        }
    }

    /// Whether the process is a zombie; it stays one until it is reaped, so that its number stays its own.
    private func hasEnded(_ pid: pid_t) -> Bool {
        var info = siginfo_t()
        guard waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT | WNOHANG) == 0 else { return errno != EINTR }
        return info.si_signo != 0
    }

    private func reap(_ pid: pid_t) -> Status {
        var status: Int32 = 0
        self.state.withLock { state in
            if state.cancelledAt != nil { kill(-pid, SIGKILL) }
            while waitpid(pid, &status, 0) == -1 && errno == EINTR {}
            state.pid = nil
        }
        let signal = status & 0x7F
        return signal == 0 ? .exited((status >> 8) & 0xFF) : .signalled(signal)
    }
}
