internal import Foundation
internal import Glibc
internal import Synchronization

/// A Postgres server of a test's own, on a free port and a Unix socket, with trust authentication.
///
/// Started by root it runs as another user, since Postgres refuses root.
package final class PrivatePostgres: Sendable {
    /// The superuser.
    package static let superuser = "postgres"

    /// The port on 127.0.0.1, also the number of the Unix socket.
    package let port: UInt16
    /// The directory of the Unix socket.
    package let socketDirectory: String

    private let directory: TemporaryDirectory
    private let user: String?
    private let settings: [String]
    private let process: Mutex<ChildProcess>

    /// `postgresql://postgres@127.0.0.1:<port>/postgres`.
    package var url: String { self.url(database: "postgres") }

    /// The URL of one of its databases.
    package func url(database: String) -> String {
        "postgresql://\(Self.superuser)@127.0.0.1:\(self.port)/\(database)"
    }

    /// Creates a database cluster, starts the server and returns once it accepts connections.
    ///
    /// - Parameters:
    ///   - settings: Settings as in `postgresql.conf`, such as `max_connections=400`.
    ///   - isDurable: Whether commits are flushed to the disk; without it tests are faster, and nothing but a crash of
    ///     the machine loses data.
    package static func start(settings: [String] = [], isDurable: Bool = false) async throws -> PrivatePostgres {
        try await HelperThread.run {
            for attempt in 1... {
                do {
                    return try PrivatePostgres(settings: settings, isDurable: isDurable)
                } catch let failure as ChildProcess.Failure where failure.description.contains("already in use") {
                    // Somebody else was faster to take the port.
                    if attempt == 5 { throw failure }
                }
            }
            preconditionFailure("the last attempt throws")
        }
    }

    private init(settings: [String], isDurable: Bool) throws {
        let directory = try TemporaryDirectory()
        let user = try Self.serverUser()
        if let user { try Self.give(directory.path, to: user) }
        self.directory = directory
        self.user = user
        self.port = try FreePort.next()
        self.socketDirectory = directory.path
        self.settings =
            [
                "listen_addresses=127.0.0.1", "unix_socket_directories=\(directory.path)", "port=\(self.port)",
                "fsync=\(isDurable ? "on" : "off")", "max_connections=200",
            ] + settings
        let initdb = try ChildProcess(
            path: try Programs.require("initdb"),
            arguments: [
                "-D", "\(directory.path)/data", "-U", Self.superuser, "-A", "trust", "-E", "UTF8", "--no-locale",
                "--no-sync",
            ],
            user: user
        )
        guard try initdb.waitForEnd(within: .seconds(60)) == .exited(0) else {
            throw ChildProcess.Failure("initdb: \(initdb.output)")
        }
        self.process = Mutex(try Self.launch(directory.path, self.settings, user))
    }

    deinit {
        self.process.withLock { $0.signal(SIGQUIT) }
    }

    /// Ends the server in an orderly way, and all sessions with it.
    package func stop() async throws {
        self.resume()
        let process = self.process.withLock { $0 }
        try await HelperThread.run { process.terminate(SIGINT, within: .seconds(20)) }
    }

    /// Ends the server at once, as a crash would; it recovers when it is started again.
    package func kill() async throws {
        let process = self.process.withLock { $0 }
        let children = self.children
        try await HelperThread.run {
            process.terminate(SIGKILL)
            // They hold the shared memory, without which the next server does not start.
            for child in children { Glibc.kill(child, SIGKILL) }
        }
    }

    /// Starts the server again on its port after ``stop()`` or ``kill()``, with its data.
    package func startAgain() async throws {
        let process = try await HelperThread.run {
            try Self.launch(self.directory.path, self.settings, self.user)
        }
        self.process.withLock { $0 = process }
    }

    /// Stops the server and all of its sessions from running; their sockets stay open.
    package func pause() {
        self.process.withLock { $0.signal(SIGSTOP) }
        for child in self.children { Glibc.kill(child, SIGSTOP) }
    }

    /// Lets a paused server go on.
    package func resume() {
        for child in self.children { Glibc.kill(child, SIGCONT) }
        self.process.withLock { $0.signal(SIGCONT) }
    }

    /// What the server has written to its log.
    package var log: String { self.process.withLock { $0 }.output }

    /// The user whose the server's files are.
    package var userID: UInt32 {
        self.user.flatMap { getpwnam($0) }.map { $0.pointee.pw_uid } ?? geteuid()
    }

    /// Runs SQL with `psql` and returns its unaligned output.
    @discardableResult
    package func query(_ sql: String, database: String = "postgres") async throws -> String {
        let program = try Programs.require("psql")
        let url = self.url(database: database)
        return try await HelperThread.run {
            let psql = try ChildProcess(path: program, arguments: ["-XAtq", "-v", "ON_ERROR_STOP=1", "-c", sql, url])
            let ending = try psql.waitForEnd(within: .seconds(30))
            try psql.waitForOutputEnd()
            guard ending == .exited(0) else { throw ChildProcess.Failure("psql: \(psql.output)") }
            return psql.output.trimmingCharacters(in: .whitespacesAndNewlines)
        }
    }

    private var children: [Int32] {
        let pid = self.process.withLock { $0.pid }
        // A server that has ended has no such file, and no children.
        let text = try? String(contentsOfFile: "/proc/\(pid)/task/\(pid)/children", encoding: .utf8)
        return (text ?? "").split(separator: " ").compactMap { Int32($0) }
    }

    private static func launch(_ directory: String, _ settings: [String], _ user: String?) throws -> ChildProcess {
        let process = try ChildProcess(
            path: try Programs.require("postgres"),
            arguments: ["-D", "\(directory)/data"] + settings.flatMap { ["-c", $0] },
            user: user,
            parentDeathSignal: "QUIT"
        )
        do {
            try process.waitForOutput("database system is ready to accept connections", within: .seconds(60))
        } catch {
            process.signal(SIGKILL)
            throw error
        }
        return process
    }

    /// Whom the server runs as; `nil` for the present user, unless that is root.
    private static func serverUser() throws -> String? {
        guard geteuid() == 0 else { return nil }
        for name in ["postgres", "nobody"] where getpwnam(name) != nil { return name }
        throw ChildProcess.Failure("Postgres does not run as root, and there is no user postgres or nobody")
    }

    private static func give(_ path: String, to user: String) throws {
        guard let entry = getpwnam(user), chown(path, entry.pointee.pw_uid, entry.pointee.pw_gid) == 0 else {
            throw ChildProcess.Failure("\(path) cannot be given to \(user)")
        }
    }
}
