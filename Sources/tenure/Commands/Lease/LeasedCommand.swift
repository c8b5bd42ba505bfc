internal import Foundation
internal import Synchronization
internal import TenureSinks

/// A command that runs while a lease is held, with the standard streams of this process.
///
/// A thread of its own starts it and waits for it, so that it can ask for a signal when this process dies: nobody would
/// renew the lease then. Cancelling the task of ``run()`` ends it with its whole process group.
final class LeasedCommand: Sendable {
    private struct State {
        /// Set while the process exists or is a zombie: only then does the number surely mean this process.
        var pid: pid_t?
        var cancelledAt: ContinuousClock.Instant?
    }

    /// From SIGTERM to SIGKILL.
    private static let grace = Duration.seconds(5)
    /// How often the end is looked for while it is ended, in microseconds.
    private static let tickMicroseconds: useconds_t = 20_000

    private let command: [String]
    private let environment: [String]
    private let state = Mutex(State())

    /// - Parameter environment: What is added to this process's environment.
    init(command: [String], environment: [String: String]) {
        // Without setpriv, which belongs to every Debian, it would outlive this process.
        let prefix = Self.isInstalled("setpriv") ? ["setpriv", "--pdeathsig", "KILL", "--"] : []
        self.command = prefix + command
        self.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }.map {
            "\($0.key)=\($0.value)"
        }
    }

    /// Runs it to its end. To be called once.
    ///
    /// - Returns: Its exit status, with 128 added to the number of a signal; 127 when it cannot be started.
    func run() async -> Int32 {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                Thread.detachNewThread { continuation.resume(returning: self.runBlocking()) }
            }
        } onCancel: {
            self.state.withLock { state in
                state.cancelledAt = state.cancelledAt ?? .now
                if let pid = state.pid { kill(-pid, SIGTERM) }
            }
        }
    }

    private func runBlocking() -> Int32 {
        do throws(SpawnError) {
            let pid = try spawn(
                self.command,
                environment: self.environment,
                // A process group of its own may not read from a terminal: it would be stopped.
                input: isatty(STDIN_FILENO) == 1 ? nil : STDIN_FILENO,
                output: STDOUT_FILENO,
                error: STDERR_FILENO
            )
            self.state.withLock { state in
                state.pid = pid
                if state.cancelledAt != nil { kill(-pid, SIGTERM) }
            }
            return self.awaitEnd(of: pid)
        } catch {
            StandardStreams.writeError("error: \(self.command[0]) cannot be started: \(error)")
            return 127
        }
    }

    private func awaitEnd(of pid: pid_t) -> Int32 {
        var info = siginfo_t()
        // A zombie first, whose number is still its own: then it is reaped under the lock.
        while waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT | WNOHANG) == -1 ? errno == EINTR : info.si_signo == 0 {
            self.killWhenGraceIsOver()
            usleep(Self.tickMicroseconds)
        }
        return self.state.withLock { state in
            var status: Int32 = 0
            while waitpid(pid, &status, 0) == -1 && errno == EINTR {}
            // What it left behind of its group must not go on without the lease.
            if state.cancelledAt != nil { kill(-pid, SIGKILL) }
            state.pid = nil
            let signal = status & 0x7F
            return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
        }
    }

    private func killWhenGraceIsOver() {
        self.state.withLock { state in
            guard let pid = state.pid, let cancelledAt = state.cancelledAt, .now - cancelledAt >= Self.grace else {
                return
            }
            kill(-pid, SIGKILL)
        }
    }

    private static func isInstalled(_ program: String) -> Bool {
        let folders = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        return folders.split(separator: ":").contains {
            FileManager.default.isExecutableFile(atPath: "\($0)/\(program)")
        }
    }
}
