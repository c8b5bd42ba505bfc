internal import Foundation

/// A Redis of one's own, without persistence.
struct PrivateRedis: Sendable {
    /// Where it is.
    let url: String
    private let process: ManagedProcess

    static func start(in directory: String) async throws -> PrivateRedis {
        let (process, port) = try await PrivateServers.start("Redis", log: "\(directory)/redis.log") { port in
            ["setpriv", "--pdeathsig", "TERM", "--", "redis-server", "--port", "\(port)", "--bind", "127.0.0.1"]
                + ["--save", "", "--appendonly", "no", "--daemonize", "no", "--dir", directory]
                + ["--logfile", "\(directory)/redis.log"]
        } answers: { port in
            await PrivateServers.succeeds(["redis-cli", "-p", "\(port)", "ping"])
        }
        return PrivateRedis(url: "redis://127.0.0.1:\(port)", process: process)
    }

    func stop() async {
        await self.process.stop((SIGTERM, .seconds(10)))
    }
}
