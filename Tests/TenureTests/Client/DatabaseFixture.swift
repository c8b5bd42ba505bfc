import Foundation
import IOReactor
import PostgresClient
import TestSupport

/// A database of a test's own on the shared server.
struct DatabaseFixture {
    /// Leads to it.
    let url: String
    let connection: PostgresConnection

    /// Runs statements in it.
    func execute(_ sql: String) async throws {
        try await self.connection.execute(script: sql, deadline: .now + .seconds(10))
    }
}

/// Creates a database for a body and drops it, with whoever is still connected.
func withDatabase(_ body: (DatabaseFixture) async throws -> Void) async throws {
    let reactor = IOReactor(name: "test")
    let server = try Servers.requirePostgres()
    let name = "tenure_test_\(UUID().uuidString.prefix(8).lowercased())"
    let url = server.replacingDatabase(name)
    let soon = ContinuousClock.now + .seconds(20)
    let admin = try await PostgresConnection.open(try PostgresTarget(server), reactor: reactor, deadline: soon)
    try await admin.execute(script: "CREATE DATABASE \(name)", deadline: soon)
    let result: Result<Void, any Error>
    do {
        let connection = try await PostgresConnection.open(try PostgresTarget(url), reactor: reactor, deadline: soon)
        do {
            try await body(DatabaseFixture(url: url, connection: connection))
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await connection.close()
    }
    try await admin.execute(script: "DROP DATABASE \(name) WITH (FORCE)", deadline: .now + .seconds(20))
    await admin.close()
    reactor.shutdown()
    try result.get()
}

extension String {
    /// The same URL with another database.
    fileprivate func replacingDatabase(_ name: String) -> String {
        guard let scheme = self.range(of: "://"),
            let slash = self[scheme.upperBound...].firstIndex(of: "/")
        else { return self + "/" + name }
        let query = self[slash...].firstIndex(of: "?") ?? self.endIndex
        return self[..<slash] + "/" + name + self[query...]
    }
}
