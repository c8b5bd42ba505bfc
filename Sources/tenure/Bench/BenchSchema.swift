internal import PostgresClient
internal import PostgresStore

/// A tenant's schema made for a measurement, and dropped after it.
struct BenchSchema: Sendable {
    /// The topic of the timers.
    static let topic = "bench.noop"

    let name: String
    private let database: Database

    /// Creates a schema with a name that nobody else has.
    static func create(_ suffix: String, in database: Database) async throws -> BenchSchema {
        let name = "bench_\(String(UInt32.random(in: 0 ... .max), radix: 36))_\(suffix)"
        guard let schema = SchemaName(name) else { preconditionFailure("\(name) is a valid name") }
        try await SchemaMigrator(tenant: schema).migrate(database.connection, deadline: Database.deadline)
        return BenchSchema(name: name, database: database)
    }

    /// Adds timers that are due, and settles the server, so that each measurement begins alike.
    func fill(_ count: Int) async throws {
        try await self.database.query(
            """
            INSERT INTO "\(self.name)".work (kind, topic, payload, due_at)
            SELECT 'timer', $1, '{}', now() FROM generate_series(1, $2)
            """,
            .text(Self.topic),
            .int(count)
        )
        try await self.database.query("VACUUM ANALYZE \"\(self.name)\".work")
        // Without the right to it the measurement is a little less even.
        _ = try? await self.database.query("CHECKPOINT")
    }

    /// Whether there is nothing left to do.
    func isEmpty() async throws -> Bool {
        try await self.database.query("SELECT NOT EXISTS (SELECT FROM \"\(self.name)\".work)").single().bool(0)
    }

    /// Rows of history that say "completed".
    func completions() async throws -> Int {
        try await self.database.query("SELECT count(*) FROM \"\(self.name)\".runs WHERE state = 'completed'")
            .single().int(0)
    }

    /// Removes it with everything in it.
    func drop() async throws {
        try await self.database.query("DROP SCHEMA \"\(self.name)\" CASCADE")
    }
}
