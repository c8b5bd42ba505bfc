import Foundation
import IOReactor
import PostgresClient
import TestSupport
import Testing

/// A database of a test's own on the shared server, dropped afterwards.
struct TestDatabase {
    let name: String
    let url: String
    let reactor: IOReactor

    var target: PostgresTarget {
        get throws { try PostgresTarget(self.url) }
    }

    /// Opens a connection to the database that the body does not close itself.
    func connect(_ session: PostgresSession = PostgresSession()) async throws -> PostgresConnection {
        try await PostgresConnection.open(try self.target, session: session, reactor: self.reactor, deadline: .soon)
    }
}

/// Creates a database for a body and drops it, with whoever is still connected.
func withDatabase(_ body: (TestDatabase) async throws -> Void) async throws {
    try await withReactor { reactor in
        let url = try Servers.requirePostgres()
        let admin = try await PostgresConnection.open(try PostgresTarget(url), reactor: reactor, deadline: .soon)
        let name = "pgclient_\(UUID().uuidString.prefix(8).lowercased())"
        _ = try await admin.query(.unnamed("CREATE DATABASE \(name)"), deadline: .soon)
        let result: Result<Void, any Error>
        do {
            try await body(TestDatabase(name: name, url: url.replacingDatabase(name), reactor: reactor))
            result = .success(())
        } catch {
            result = .failure(error)
        }
        _ = try await admin.query(.unnamed("DROP DATABASE \(name) WITH (FORCE)"), deadline: .soon)
        await admin.close()
        try result.get()
    }
}

/// Runs a body with a connection whose unqualified tables are temporary: no database of its own is needed.
func withConnection(_ body: (PostgresConnection) async throws -> Void) async throws {
    try await withReactor { reactor in
        let session = PostgresSession(settings: [.init("search_path", "pg_temp")])
        let target = try PostgresTarget(try Servers.requirePostgres())
        let connection = try await PostgresConnection.open(target, session: session, reactor: reactor, deadline: .soon)
        do {
            try await body(connection)
        } catch {
            await connection.close()
            throw error
        }
        await connection.close()
    }
}

/// Runs a body with a reactor that ends afterwards.
func withReactor(_ body: (IOReactor) async throws -> Void) async throws {
    let reactor = IOReactor(name: "test-pg")
    do {
        try await body(reactor)
    } catch {
        try await HelperThread.run { reactor.shutdown() }
        throw error
    }
    try await HelperThread.run { reactor.shutdown() }
}

extension ContinuousClock.Instant {
    /// A deadline that only a hanging test meets.
    static var soon: ContinuousClock.Instant { .now + .seconds(20) }
}

extension String {
    func replacingDatabase(_ name: String) -> String {
        guard let slash = self.range(of: "/", options: .backwards) else { return self }
        return String(self[..<slash.upperBound]) + name
    }

    /// The same URL with another host and port.
    func replacingAuthority(_ port: UInt16) -> String {
        guard let start = self.range(of: "@")?.upperBound, let end = self[start...].firstIndex(of: "/") else {
            return self
        }
        return String(self[..<start]) + "127.0.0.1:\(port)" + String(self[end...])
    }
}

extension PostgresConnection {
    /// Runs a statement without a name.
    func run(_ sql: String, _ parameters: PostgresValue...) async throws(PostgresError) -> PostgresRows {
        try await self.query(.unnamed(sql), parameters: parameters, deadline: .soon)
    }
}
