internal import CLinux
internal import Foundation

/// Why a process could not be started.
struct SpawnError: Error, CustomStringConvertible {
    let description: String

    /// The error that a system call returned.
    init(code: Int32) {
        self.description = String(cString: strerror(code))
    }
}

/// The pipes of a child's standard input and standard error.
struct ChildPipes {
    /// The parent's ends; neither blocks.
    let inputWriter: Int32
    let errorReader: Int32
    /// The child's ends.
    let inputReader: Int32
    let errorWriter: Int32

    /// Opens both. No other child gets them.
    init() throws(SpawnError) {
        (self.inputReader, self.inputWriter) = try Self.open()
        do throws(SpawnError) {
            (self.errorReader, self.errorWriter) = try Self.open()
        } catch {
            close(self.inputReader)
            close(self.inputWriter)
            throw error
        }
        for end in [self.inputWriter, self.errorReader] {
            _ = fcntl(end, F_SETFL, fcntl(end, F_GETFL) | O_NONBLOCK)
        }
    }

    private static func open() throws(SpawnError) -> (reader: Int32, writer: Int32) {
        var ends: [Int32] = [-1, -1]
        guard pipe2(&ends, O_CLOEXEC) == 0 else { throw SpawnError(code: errno) }
        return (ends[0], ends[1])
    }

    /// To be called once, when the child has its own copies.
    func closeChildEnds() {
        close(self.inputReader)
        close(self.errorWriter)
    }
}

/// Starts a process in a group of its own, with nothing of its parent's but the pipes; standard output goes nowhere.
///
/// - Throws: ``SpawnError`` when the program does not exist or cannot be executed.
func spawnChild(_ command: [String], environment: [String], pipes: ChildPipes) throws(SpawnError) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, pipes.inputReader, STDIN_FILENO)
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, pipes.errorWriter, STDERR_FILENO)
    // Sockets of C libraries are not all closed by exec: a child that outlives this process would keep them open.
    posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1)

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // Signals that this process blocks or ignores would stay so in the child.
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setpgroup(&attributes, 0)
    let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
    posix_spawnattr_setflags(&attributes, Int16(flags))

    let arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
    let variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
    defer { for text in arguments + variables { free(text) } }
    var pid: pid_t = 0
    let code = posix_spawnp(&pid, command[0], &actions, &attributes, arguments, variables)
    guard code == 0 else { throw SpawnError(code: code) }
    return pid
}
