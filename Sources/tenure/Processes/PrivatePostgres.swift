internal import Foundation

/// A Postgres of one's own, as safe as a real one: fsync is on.
struct PrivatePostgres: Sendable {
    /// Where Debian and Ubuntu have the programs of each version.
    private static let versions = "/usr/lib/postgresql"

    private let process: ManagedProcess
    private let port: Int

    /// Where one of its databases is.
    func url(database: String = "postgres") -> String {
        "postgresql://postgres@127.0.0.1:\(self.port)/\(database)"
    }

    static func start(in directory: String) async throws -> PrivatePostgres {
        let programs = try Self.programs()
        let data = "\(directory)/postgres"
        // The server refuses to run as root: the user that the package made for it runs it then.
        var prefix = ["setpriv", "--pdeathsig", "INT", "--"]
        try FileManager.default.createDirectory(
            atPath: data,
            withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o700]
        )
        if geteuid() == 0 {
            guard let user = getpwnam("postgres"), chown(data, user.pointee.pw_uid, user.pointee.pw_gid) == 0 else {
                throw Failure(
                    .unavailable,
                    "Postgres refuses to run as root, and there is no user 'postgres' to run it"
                )
            }
            prefix = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--init-groups"] + prefix.dropFirst()
        }
        let create = ["\(programs)/initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale"]
        guard await PrivateServers.succeeds(prefix + create + ["--no-sync"]) else {
            throw Failure(.unavailable, "initdb failed; try it yourself: \(create.joined(separator: " "))")
        }
        let (process, port) = try await PrivateServers.start("Postgres", log: "\(directory)/postgres.log") { port in
            prefix + ["\(programs)/postgres", "-D", data, "-p", "\(port)", "-k", data]
                + ["-c", "listen_addresses=127.0.0.1", "-c", "max_connections=400"]
        } answers: { port in
            let ready = ["\(programs)/pg_isready", "-q", "-h", "127.0.0.1", "-p", "\(port)", "-U", "postgres"]
            return await PrivateServers.succeeds(ready)
        }
        return PrivatePostgres(process: process, port: port)
    }

    func stop() async {
        await self.process.stop((SIGINT, .seconds(15)), (SIGQUIT, .seconds(5)))
    }

    /// The folder with the newest version's programs.
    private static func programs() throws(Failure) -> String {
        // A folder that cannot be read has no versions.
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: Self.versions)) ?? []
        guard let newest = versions.compactMap({ Int($0) }).max() else {
            throw Failure(.unavailable, "no Postgres server in \(Self.versions): install the package 'postgresql'")
        }
        return "\(Self.versions)/\(newest)/bin"
    }
}
