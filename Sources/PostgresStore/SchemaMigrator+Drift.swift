package import PostgresClient
package import TenureCore

/// How a schema differs from what this program would make of it.
package struct SchemaComparison: Sendable, Hashable {
    /// Whether the schema exists and has a list of migrations.
    package var exists: Bool
    /// Numbers of migrations that were applied as this program knows them.
    package var applied: [Int] = []
    /// Numbers of those that are missing.
    package var missing: [Int] = []
    /// Numbers of those whose text is not the one that was applied.
    package var edited: [Int] = []
    /// Numbers of those that this program does not know: a newer one applied them.
    package var unknown: [Int] = []
    /// Those among the unknown ones with which this program cannot work.
    package var breaking: [Int] = []
}

extension SchemaMigrator {
    /// Compares a schema with what this program knows. Changes nothing.
    ///
    /// - Throws: ``StoreError`` when the database cannot be read.
    package func compare(
        _ connection: PostgresConnection,
        deadline: ContinuousClock.Instant
    ) async throws(StoreError) -> SchemaComparison {
        self.comparison(with: try await self.applied(connection, deadline: deadline))
    }

    /// Compares what was applied with what this program knows.
    func comparison(with applied: [Applied]?) -> SchemaComparison {
        var comparison = SchemaComparison(exists: applied != nil)
        let applied = applied ?? []
        for migration in self.migrations {
            switch applied.first(where: { $0.number == migration.number })?.sha256 {
            case nil: comparison.missing.append(migration.number)
            case migration.sha256: comparison.applied.append(migration.number)
            case .some: comparison.edited.append(migration.number)
            }
        }
        for record in applied where !self.migrations.contains(where: { $0.number == record.number }) {
            comparison.unknown.append(record.number)
            if record.isBreaking { comparison.breaking.append(record.number) }
        }
        return comparison
    }
}

extension PostgresTenantClient {
    /// Compares the schema with what this program knows. Changes nothing.
    ///
    /// - Throws: ``StoreError``, or `PostgresError` when connecting fails.
    package func compareSchema(timeout: Duration = .seconds(10)) async throws -> SchemaComparison {
        let deadline = ContinuousClock.now + timeout
        return try await self.pools.withConnection(to: self.place.target, purpose: .opening, deadline: deadline) {
            try await SchemaMigrator(tenant: self.place.schema).compare($0, deadline: deadline)
        }
    }
}
