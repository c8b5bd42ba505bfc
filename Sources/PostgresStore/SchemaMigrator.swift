package import PostgresClient
package import TenureCore

/// Brings a schema up to date, or tells that it is not.
///
/// Each migration is a transaction under an advisory lock, so that any number of processes may migrate at once. An
/// applied migration whose text has changed since is refused; one that this program does not know is refused only if it
/// is marked as breaking, so that versions can be mixed during an upgrade.
package struct SchemaMigrator: Sendable {
    /// What is to be done about a schema.
    package enum Verdict: Sendable, Equatable {
        /// Every migration has been applied.
        case current
        /// This one is the next to be applied.
        case pending(number: Int)
    }

    struct Applied: Sendable, Equatable {
        let number: Int
        let name: String
        let sha256: String
        let isBreaking: Bool
    }

    private static let operation = "schema.migrate"

    let schema: SchemaName
    let migrations: [Migration]

    /// A migrator of a tenant's schema.
    package init(tenant schema: SchemaName) {
        self.init(schema, Migrations.all)
    }

    init(_ schema: SchemaName, _ migrations: [Migration]) {
        self.schema = schema
        self.migrations = migrations
    }

    /// Looks whether the schema is up to date. Changes nothing.
    ///
    /// - Throws: ``StoreError``; `.schema` if an applied migration was edited, or a newer one is breaking.
    package func check(
        _ connection: PostgresConnection,
        deadline: ContinuousClock.Instant
    ) async throws(StoreError) -> Verdict {
        try self.verdict(on: try await self.applied(connection, deadline: deadline) ?? [])
    }

    /// What was applied; `nil` if the schema, or its list of migrations, does not exist.
    func applied(
        _ connection: PostgresConnection,
        deadline: ContinuousClock.Instant
    ) async throws(StoreError) -> [Applied]? {
        do throws(PostgresError) {
            let statement = Statements.appliedMigrations.prepared(in: self.schema)
            return try await connection.query(statement, deadline: deadline).map(Self.applied)
        } catch {
            guard error.sqlState == .undefinedTable || error.sqlState == .invalidSchemaName else {
                throw StoreError(error, operation: Self.operation)
            }
            return nil
        }
    }

    /// Applies what is missing, in order.
    ///
    /// - Returns: The numbers of the migrations that this call applied.
    /// - Throws: ``StoreError``; those before the one that failed stay applied.
    @discardableResult
    package func migrate(
        _ connection: PostgresConnection,
        deadline: ContinuousClock.Instant
    ) async throws(StoreError) -> [Int] {
        var numbers: [Int] = []
        // The look costs no lock; most of the time there is nothing to do.
        while case .pending = try await self.check(connection, deadline: deadline) {
            do {
                let number = try await connection.transaction(deadline: deadline) { connection in
                    try await self.applyNext(connection, deadline: deadline)
                }
                if let number { numbers.append(number) }
            } catch {
                throw StoreError(error, operation: Self.operation)
            }
        }
        return numbers
    }

    /// Applies the first migration that is missing, under the lock.
    private func applyNext(_ connection: PostgresConnection, deadline: ContinuousClock.Instant) async throws -> Int? {
        let name = PostgresValue.text(self.schema.description)
        _ = try await connection.query(Statements.migrationLock.prepared(in: self.schema), name, deadline: deadline)
        let exists = try await connection.query(
            Statements.schemaExists.prepared(in: self.schema),
            name,
            deadline: deadline
        )
        .single().bool(0)
        // Creating one that exists would need the right to create others.
        if !exists { try await connection.execute(script: self.schema.fill(Self.createSchema), deadline: deadline) }
        try await connection.execute(script: self.schema.fill(Self.createTable), deadline: deadline)
        let rows = try await connection.query(
            Statements.appliedMigrations.prepared(in: self.schema),
            deadline: deadline
        )
        guard case .pending(let number) = try self.verdict(on: try rows.map(Self.applied)),
            let migration = self.migrations.first(where: { $0.number == number })
        else { return nil }
        _ = try await connection.query(
            Statements.recordMigration.prepared(in: self.schema),
            .int(migration.number),
            .text(migration.name),
            .text(migration.sha256),
            .bool(migration.isBreaking),
            deadline: deadline
        )
        try await connection.execute(script: self.schema.fill(migration.source), deadline: deadline)
        return number
    }

    /// Compares what was applied with what this program knows.
    func verdict(on applied: [Applied]) throws(StoreError) -> Verdict {
        for record in applied {
            guard let known = self.migrations.first(where: { $0.number == record.number }) else {
                guard !record.isBreaking else {
                    throw self.refusal("migration \(record.number) is newer than this program, which has to be updated")
                }
                continue
            }
            guard known.sha256 == record.sha256 else {
                throw self.refusal("migration \(record.number) (\(record.name)) is not the one that was applied")
            }
        }
        guard let missing = self.migrations.first(where: { known in !applied.contains { $0.number == known.number } })
        else { return .current }
        return .pending(number: missing.number)
    }

    private func refusal(_ detail: String) -> StoreError {
        StoreError(.schema, operation: Self.operation, detail: "schema \(self.schema): \(detail)")
    }

    private static func applied(_ row: PostgresRow) throws(PostgresError) -> Applied {
        Applied(
            number: try row.int(0),
            name: try row.string(1),
            sha256: try row.string(2),
            isBreaking: try row.bool(3)
        )
    }

    private static let createSchema = "CREATE SCHEMA IF NOT EXISTS __schema__"
    private static let createTable = """
        CREATE TABLE IF NOT EXISTS __schema__.migrations (
            number integer PRIMARY KEY,
            name text NOT NULL,
            sha256 text NOT NULL,
            breaking boolean NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT now()
        )
        """
}
