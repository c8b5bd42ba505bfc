internal import CLinux
package import Foundation

/// Why a process could not be started.
package struct SpawnError: Error, Sendable, CustomStringConvertible {
    /// The system's words for the error.
    package let description: String

    /// The error that a system call returned.
    package init(code: Int32) {
        self.description = String(cString: strerror(code))
    }
}

/// Starts a process in a group of its own, with nothing of its parent's but three descriptors.
///
/// - Parameters:
///   - command: The program, looked up in `PATH` unless it has a slash, and its arguments.
///   - environment: Entries of the form `NAME=value`.
///   - input: What becomes its standard input; `nil`, here and below, for `/dev/null`.
/// - Returns: The process's ID, which is that of its group too. The caller has to wait for its end.
/// - Throws: ``SpawnError`` when the program does not exist or cannot be executed.
package func spawn(
    _ command: [String],
    environment: [String],
    input: Int32?,
    output: Int32?,
    error: Int32?
) throws(SpawnError) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (descriptor, standard) in [(input, STDIN_FILENO), (output, STDOUT_FILENO), (error, STDERR_FILENO)] {
        if let descriptor {
            posix_spawn_file_actions_adddup2(&actions, descriptor, standard)
        } else {
            let mode = standard == STDIN_FILENO ? O_RDONLY : O_WRONLY
            posix_spawn_file_actions_addopen(&actions, standard, "/dev/null", mode, 0)
        }
    }
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
