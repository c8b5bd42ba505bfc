internal import Foundation
internal import Glibc
internal import Synchronization

/// A program started by a test. Its output is kept, and it is killed when the test process dies, however it dies.
package final class ChildProcess: Sendable {
    /// How a process ended.
    package enum Ending: Sendable, Hashable {
        /// It returned a code.
        case exited(Int32)
        /// A signal ended it.
        case signalled(Int32)
    }

    /// A program could not be started, or did not do what was expected of it in time.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String

        /// Creates a failure.
        package init(_ description: String) {
            self.description = description
        }
    }

    private struct State {
        var output: [UInt8] = []
        var hasOutputEnded = false
        var ending: Ending?
    }

    /// Bytes of output that are kept; of more, the oldest are dropped.
    private static let outputLimit = 4 << 20

    /// The process ID.
    package let pid: Int32
    /// The program and its arguments.
    package let commandLine: [String]

    private let state = Mutex(State())
    private let changed = NSCondition()

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - path: The program's path.
    ///   - arguments: Its arguments.
    ///   - environment: Variables beside those of this process; a `nil` value removes one.
    ///   - user: The user to run as; `nil` for the present one. Needs root.
    ///   - parentDeathSignal: What it is sent when this process dies.
    package init(
        path: String,
        arguments: [String],
        environment: [String: String?] = [:],
        user: String? = nil,
        parentDeathSignal: String = "KILL"
    ) throws {
        var commandLine = [path] + arguments
        if let setpriv = Programs.find("setpriv") {
            var prefix = [setpriv]
            if let user { prefix += ["--reuid", user, "--regid", user, "--init-groups"] }
            // util-linux before 2.33 lacks it; then children of a killed test stay behind.
            prefix += ["--pdeathsig", parentDeathSignal, "--"]
            commandLine = prefix + commandLine
        } else if let user {
            commandLine = [try Programs.require("runuser"), "-u", user, "--"] + commandLine
        }
        var variables = ProcessInfo.processInfo.environment
        for (name, value) in environment { variables[name] = value }
        let words = commandLine
        let settings = variables.map { "\($0.key)=\($0.value)" }.sorted()
        let (pid, output) = try HelperThread.runOnSpawner { try Self.spawn(words, settings) }
        self.pid = pid
        self.commandLine = [path] + arguments
        let reader = Thread { self.readOutput(output) }
        reader.name = "test-output"
        reader.start()
        let waiter = Thread { self.waitForEnd() }
        waiter.name = "test-wait"
        waiter.start()
    }

    /// What the process has written to its standard output and error so far.
    package var output: String {
        self.state.withLock { String(decoding: $0.output, as: UTF8.self) }
    }

    /// How it ended; `nil` while it runs.
    package var ending: Ending? {
        self.state.withLock { $0.ending }
    }

    /// Sends a signal; ignored when the process has ended.
    package func signal(_ number: Int32) {
        // Under the lock: a process that has been waited for has lost its number, which may be another's.
        self.state.withLock { state in
            if state.ending == nil { _ = kill(self.pid, number) }
        }
    }

    /// Waits until the output contains a text.
    ///
    /// - Throws: ``Failure`` if the process ends before, or the time is over.
    package func waitForOutput(_ text: String, within limit: Duration = .seconds(20)) throws {
        let _: Bool = try self.wait(for: "the output \"\(text)\"", within: limit) { state in
            if state.output.firstRange(of: text.utf8) != nil { return true }
            guard state.hasOutputEnded, let ending = state.ending else { return nil }
            throw Failure("\(self.commandLine) ended (\(ending)) before \"\(text)\":\n\(self.tail(state))")
        }
    }

    /// Waits until the process has ended.
    ///
    /// - Throws: ``Failure`` if the time is over.
    @discardableResult
    package func waitForEnd(within limit: Duration) throws -> Ending {
        try self.wait(for: "its end", within: limit) { $0.ending }
    }

    /// Waits until all output has been read, which is so soon after the end of the process and its children.
    package func waitForOutputEnd(within limit: Duration = .seconds(10)) throws {
        let _: Bool = try self.wait(for: "the end of its output", within: limit) { $0.hasOutputEnded ? true : nil }
    }

    /// Asks the process to end with a signal, and kills it if it does not within the limit. Returns when it has ended.
    package func terminate(_ number: Int32 = SIGTERM, within limit: Duration = .seconds(10)) {
        self.signal(SIGCONT)
        self.signal(number)
        do {
            try self.waitForEnd(within: limit)
        } catch {
            self.signal(SIGKILL)
            // A killed process ends, unless the kernel itself hangs.
            _ = try? self.waitForEnd(within: limit)
        }
    }

    // MARK: Implementation

    private func wait<Value>(
        for purpose: String,
        within limit: Duration,
        _ condition: (State) throws -> Value?
    ) throws -> Value {
        let deadline = Date(timeIntervalSinceNow: limit / .seconds(1))
        self.changed.lock()
        defer { self.changed.unlock() }
        while true {
            if let value = try condition(self.state.withLock { $0 }) { return value }
            guard self.changed.wait(until: deadline) else {
                let state = self.state.withLock { $0 }
                throw Failure("\(self.commandLine): no sign of \(purpose) within \(limit):\n\(self.tail(state))")
            }
        }
    }

    private func tail(_ state: State) -> String {
        String(decoding: state.output.suffix(4000), as: UTF8.self)
    }

    private func change(_ body: (inout State) -> Void) {
        self.changed.lock()
        self.state.withLock { body(&$0) }
        self.changed.broadcast()
        self.changed.unlock()
    }

    private func readOutput(_ descriptor: CInt) {
        var buffer = [UInt8](repeating: 0, count: 16384)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            self.change { state in
                state.output += buffer[..<count]
                if state.output.count > Self.outputLimit {
                    state.output.removeFirst(state.output.count - Self.outputLimit / 2)
                }
            }
        }
        close(descriptor)
        self.change { $0.hasOutputEnded = true }
    }

    private func waitForEnd() {
        var info = siginfo_t()
        // Left as a zombie until the state says that it has ended, so that `signal` cannot hit a stranger.
        while waitid(P_PID, id_t(self.pid), &info, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        self.change { state in
            var status: CInt = 0
            while waitpid(self.pid, &status, 0) < 0, errno == EINTR {}
            state.ending = status & 0x7f == 0 ? .exited((status >> 8) & 0xff) : .signalled(status & 0x7f)
        }
    }

    private static func spawn(_ words: [String], _ settings: [String]) throws -> (Int32, CInt) {
        var pipe: [CInt] = [0, 0]
        guard Glibc.pipe(&pipe) == 0 else { throw Failure("no pipe: \(String(cString: strerror(errno)))") }
        defer { close(pipe[1]) }
        // No other child is started in between: all of them are on this thread.
        for descriptor in pipe { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, pipe[1], 1)
        posix_spawn_file_actions_adddup2(&actions, pipe[1], 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A group of its own, so that an interrupt at the terminal is the test's to handle; no blocked signals.
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        var environment: [UnsafeMutablePointer<CChar>?] = settings.map { strdup($0) } + [nil]
        defer { for pointer in arguments + environment { free(pointer) } }
        var pid: Int32 = 0
        let code = posix_spawn(&pid, words[0], &actions, &attributes, &arguments, &environment)
        guard code == 0 else {
            close(pipe[0])
            throw Failure("\(words[0]) cannot be started: \(String(cString: strerror(code)))")
        }
        return (pid, pipe[0])
    }
}
