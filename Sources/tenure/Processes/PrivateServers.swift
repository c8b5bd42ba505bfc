internal import Foundation

/// A Redis and a Postgres of one's own, on free ports of the loopback interface, with their data in a temporary
/// directory.
///
/// They end when this process does, however that comes; ``stop()`` removes the directory too.
struct PrivateServers: Sendable {
    /// Which servers are wanted.
    struct Kinds: OptionSet, Sendable {
        let rawValue: Int
        static let redis = Kinds(rawValue: 1)
        static let postgres = Kinds(rawValue: 2)
    }

    /// The Redis, if there is one.
    private(set) var redis: PrivateRedis?
    /// The Postgres, if there is one.
    private(set) var postgres: PrivatePostgres?
    private let directory: String

    /// Starts servers and waits until they answer.
    ///
    /// - Throws: ``Failure`` with what they said last.
    static func start(_ kinds: Kinds = [.redis, .postgres]) async throws -> PrivateServers {
        let directory = FileManager.default.temporaryDirectory
            .appending(path: "tenure-\(UUID().uuidString.prefix(8).lowercased())").path
        // Others may pass, but not look: the user that runs Postgres has a directory in it.
        try FileManager.default.createDirectory(
            atPath: directory,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o711]
        )
        var servers = PrivateServers(directory: directory)
        do {
            if kinds.contains(.redis) { servers.redis = try await PrivateRedis.start(in: directory) }
            if kinds.contains(.postgres) { servers.postgres = try await PrivatePostgres.start(in: directory) }
            return servers
        } catch {
            await servers.stop()
            throw error
        }
    }

    private init(directory: String) {
        self.directory = directory
    }

    /// Stops them and removes their data.
    func stop() async {
        await self.postgres?.stop()
        await self.redis?.stop()
        do {
            try FileManager.default.removeItem(atPath: self.directory)
        } catch {
            StandardStreams.writeError("warning: \(self.directory) cannot be removed: \(error.localizedDescription)")
        }
    }

    /// Starts one server, on another port again when somebody took the first.
    static func start(
        _ name: String,
        log: String,
        command: (_ port: Int) -> [String],
        answers: (_ port: Int) async -> Bool
    ) async throws -> (process: ManagedProcess, port: Int) {
        for _ in 0..<5 {
            let port = FreePort.find()
            let process = try await ManagedProcess.start(command(port), log: log)
            let deadline = ContinuousClock.now + .seconds(60)
            while process.isRunning, ContinuousClock.now < deadline {
                if await answers(port), process.isRunning { return (process, port) }
                try await Task.sleep(for: .milliseconds(50))
            }
            await process.stop((SIGTERM, .seconds(5)))
        }
        // The log is for this message only.
        let words = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
        throw Failure(.unavailable, "the private \(name) did not start:\n\(words.suffix(2_000))")
    }

    /// Runs a command to its end.
    static func succeeds(_ command: [String]) async -> Bool {
        // A command that cannot be started has not succeeded.
        guard let process = try? await ManagedProcess.start(command, log: "/dev/null") else { return false }
        for await _ in process.lines {}
        return await process.end() == .exited(0)
    }
}
