internal import Foundation
internal import Synchronization

/// A Redis server of a test's own, on a free port, without persistence.
package final class PrivateRedis: Sendable {
    /// What kind of server to start.
    package struct Options: Sendable {
        /// The password of the default user.
        package var password: String?
        /// ACL rules, such as `user alice on >secret ~* &* +@all`.
        package var users: [String] = []
        /// Whether it listens on a Unix socket too.
        package var hasUnixSocket = false
        /// Whether it is a node of a Redis Cluster.
        package var isClusterNode = false
        /// The port of the master that it copies.
        package var replicaOf: UInt16?
        /// For a Sentinel: its configuration beside port and directory.
        package var sentinelConfiguration: [String]?
        /// More lines of configuration.
        package var configuration: [String] = []

        /// A plain server.
        package init() {}
    }

    /// The port on 127.0.0.1.
    package let port: UInt16
    /// The path of the Unix socket, if there is one.
    package let socketPath: String?
    /// `redis://127.0.0.1:<port>`, with the password if there is one.
    package let url: String

    private let options: Options
    private let directory: TemporaryDirectory
    private let process: Mutex<ChildProcess>

    /// Starts a server and returns once it accepts connections.
    package static func start(_ options: Options = Options()) async throws -> PrivateRedis {
        try await HelperThread.run {
            for attempt in 1... {
                do {
                    return try PrivateRedis(options)
                } catch let failure as ChildProcess.Failure where failure.description.contains("already in use") {
                    // Somebody else was faster to take the port.
                    if attempt == 5 { throw failure }
                }
            }
            preconditionFailure("the last attempt throws")
        }
    }

    private init(_ options: Options) throws {
        self.options = options
        self.port = try FreePort.next()
        self.directory = try TemporaryDirectory()
        self.socketPath = options.hasUnixSocket ? "\(self.directory.path)/redis.sock" : nil
        let login = options.password.map { ":\($0)@" } ?? ""
        self.url = "redis://\(login)127.0.0.1:\(self.port)"
        let file = try Self.configure(options, self.port, self.directory, self.socketPath)
        self.process = Mutex(try Self.launch(file, options))
    }

    deinit {
        self.process.withLock { $0.signal(SIGKILL) }
    }

    /// Ends the server in an orderly way.
    package func stop() async throws {
        let process = self.process.withLock { $0 }
        try await HelperThread.run { process.terminate() }
    }

    /// Ends the server at once.
    package func kill() async throws {
        let process = self.process.withLock { $0 }
        try await HelperThread.run { process.terminate(SIGKILL) }
    }

    /// Starts the server again on its port after ``stop()`` or ``kill()``, without its data.
    package func startAgain() async throws {
        let process = try await HelperThread.run {
            try Self.launch("\(self.directory.path)/redis.conf", self.options)
        }
        self.process.withLock { $0 = process }
    }

    /// Stops the process from running; its sockets stay open.
    package func pause() {
        self.process.withLock { $0.signal(SIGSTOP) }
    }

    /// Lets a paused process go on.
    package func resume() {
        self.process.withLock { $0.signal(SIGCONT) }
    }

    /// What the server has written to its log.
    package var log: String { self.process.withLock { $0 }.output }

    /// Runs a command with `redis-cli` and returns what it prints.
    ///
    /// - Throws: ``ChildProcess/Failure``, also for an error reply.
    @discardableResult
    package func command(_ words: String...) async throws -> String {
        let program = try Programs.require("redis-cli")
        let login = self.options.password.map { ["-a", $0, "--no-auth-warning"] } ?? []
        return try await HelperThread.run {
            let cli = try ChildProcess(path: program, arguments: ["-e", "-p", "\(self.port)"] + login + words)
            let ending = try cli.waitForEnd(within: .seconds(10))
            try cli.waitForOutputEnd()
            guard ending == .exited(0) else { throw ChildProcess.Failure("redis-cli \(words): \(cli.output)") }
            return cli.output.trimmingCharacters(in: .whitespacesAndNewlines)
        }
    }

    private static func launch(_ file: String, _ options: Options) throws -> ChildProcess {
        var arguments = [file]
        if options.sentinelConfiguration != nil { arguments.append("--sentinel") }
        let process = try ChildProcess(path: try Programs.require("redis-server"), arguments: arguments)
        do {
            let isSentinel = options.sentinelConfiguration != nil
            try process.waitForOutput(isSentinel ? "Sentinel ID" : "Ready to accept connections")
        } catch {
            process.signal(SIGKILL)
            throw error
        }
        return process
    }

    private static func configure(
        _ options: Options,
        _ port: UInt16,
        _ directory: TemporaryDirectory,
        _ socketPath: String?
    ) throws -> String {
        var lines = ["port \(port)", "bind 127.0.0.1", "dir \(directory.path)", "daemonize no", "protected-mode no"]
        if let sentinel = options.sentinelConfiguration {
            lines += sentinel
        } else {
            lines += ["save \"\"", "appendonly no", "repl-diskless-sync-delay 0", "enable-debug-command yes"]
        }
        if let socketPath { lines.append("unixsocket \(socketPath)") }
        if let password = options.password { lines += ["requirepass \(password)", "masterauth \(password)"] }
        if let replicaOf = options.replicaOf { lines.append("replicaof 127.0.0.1 \(replicaOf)") }
        if options.isClusterNode {
            lines += ["cluster-enabled yes", "cluster-port \(try FreePort.next())", "cluster-node-timeout 2000"]
        }
        lines += options.users + options.configuration
        return try directory.write(lines.joined(separator: "\n") + "\n", to: "redis.conf")
    }
}
