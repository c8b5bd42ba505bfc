import Foundation
import IOReactor
import PostgresClient
import PostgresStore
import TenureCore
import TestSupport
import Testing

/// A database of a test's own, with a migrated schema, dropped afterwards.
struct StoreDatabase: Sendable {
    let name: String
    let url: String
    let schema: SchemaName
    let reactor: IOReactor
    let pools: PostgresPools

    /// Opens a connection whose unqualified names mean the schema.
    func connect(as application: String = "tenure test") async throws -> PostgresConnection {
        let connection = try await PostgresConnection.open(
            try PostgresTarget(self.url),
            session: PostgresSession(applicationName: application),
            reactor: self.reactor,
            deadline: .soon
        )
        _ = try await connection.run("SELECT set_config('search_path', '\"\(self.schema)\"', false)")
        return connection
    }

    /// Runs a body with connections that are closed afterwards.
    func withConnections(
        _ count: Int,
        _ body: ([PostgresConnection]) async throws -> Void
    ) async throws {
        var connections: [PostgresConnection] = []
        for _ in 0..<count { connections.append(try await self.connect()) }
        let result: Result<Void, any Error>
        do {
            try await body(connections)
            result = .success(())
        } catch {
            result = .failure(error)
        }
        for connection in connections { await connection.close() }
        try result.get()
    }

    func store(_ stores: PostgresTenantStores) -> PostgresTenantStore {
        stores.store(connection: self.url, schema: self.schema.description)
    }

    var client: PostgresTenantClient {
        get throws {
            try PostgresTenantClient(pools: self.pools, connection: self.url, schema: self.schema.description)
        }
    }
}

/// Creates a database for a body and drops it, with whoever is still connected.
///
/// - Parameters:
///   - isMigrated: Whether the schema is there already.
///   - server: Where; the tests' common server by default. It may be restarted by the body.
func withStoreDatabase(
    isMigrated: Bool = true,
    on server: PrivatePostgres? = nil,
    _ body: (StoreDatabase) async throws -> Void
) async throws {
    let reactor = IOReactor(name: "test-store")
    let result: Result<Void, any Error>
    do {
        let url = try server?.url(database: "postgres") ?? Servers.requirePostgres()
        func administer(_ sql: String) async throws {
            let admin = try await PostgresConnection.open(try PostgresTarget(url), reactor: reactor, deadline: .soon)
            try await admin.run(sql)
            await admin.close()
        }
        let name = "store_\(UUID().uuidString.prefix(8).lowercased())"
        try await administer("CREATE DATABASE \(name)")
        let pools = PostgresPools(reactor: reactor)
        let database = StoreDatabase(
            name: name,
            url: url.replacingDatabase(name),
            schema: SchemaName("Tenant_1")!,
            reactor: reactor,
            pools: pools
        )
        do {
            if isMigrated {
                let connection = try await PostgresConnection.open(
                    try PostgresTarget(database.url),
                    reactor: reactor,
                    deadline: .soon
                )
                try await SchemaMigrator(tenant: database.schema).migrate(connection, deadline: .soon)
                await connection.close()
            }
            try await body(database)
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await pools.close()
        try await administer("DROP DATABASE \(name) WITH (FORCE)")
    } catch {
        try await HelperThread.run { reactor.shutdown() }
        throw error
    }
    try await HelperThread.run { reactor.shutdown() }
    try result.get()
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
}

extension PostgresConnection {
    /// Runs a statement and shows its values as `psql` does.
    @discardableResult
    func run(_ sql: String) async throws(PostgresError) -> [[String?]] {
        let rows = try await self.query(.unnamed(sql, resultFormat: .text), deadline: .soon)
        let columns = rows.columnNames.count
        var values: [[String?]] = []
        for row in rows {
            var line: [String?] = []
            for column in 0..<columns { line.append(try row.optionalString(column)) }
            values.append(line)
        }
        return values
    }

    /// The only value of the only row.
    func value(_ sql: String) async throws -> String? {
        let rows = try await self.run(sql)
        let row = try #require(rows.first)
        return row[0]
    }

    /// The only value of the only row, which is not NULL.
    func text(_ sql: String) async throws -> String {
        let value = try await self.value(sql)
        return try #require(value)
    }

    /// The SQLSTATE with which a statement fails; `nil` if it succeeds.
    func failure(_ sql: String) async throws -> String? {
        do throws(PostgresError) {
            try await self.run(sql)
            return nil
        } catch {
            return try #require(error.sqlState, "\(error)").rawValue
        }
    }

    /// The server process of this connection.
    func processID() async throws -> Int {
        let text = try await self.text("SELECT pg_backend_pid()")
        return try #require(Int(text))
    }

    /// Waits until a server process waits for a lock.
    func waitUntilBlocked(_ process: Int) async throws {
        try await Polling.wait(for: "process \(process) to be blocked", every: .milliseconds(2)) {
            try await self.value(
                "SELECT count(*) FROM pg_stat_activity WHERE pid = \(process) AND wait_event_type = 'Lock'"
            )
                == "1"
        }
    }
}
