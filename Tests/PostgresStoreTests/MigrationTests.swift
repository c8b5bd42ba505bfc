import PostgresClient
import TenureCore
import TestSupport
import Testing

@testable import PostgresStore

@Suite("Migrations", .needsPostgres, .timeLimit(.minutes(1)))
struct MigrationTests {
    @Test("An empty database is migrated once, and then is current")
    func fresh() async throws {
        try await withStoreDatabase(isMigrated: false) { database in
            try await database.withConnections(1) { connections in
                let migrator = SchemaMigrator(tenant: database.schema)
                let before = try await migrator.check(connections[0], deadline: .soon)
                let applied = try await migrator.migrate(connections[0], deadline: .soon)
                let again = try await migrator.migrate(connections[0], deadline: .soon)
                let after = try await migrator.check(connections[0], deadline: .soon)

                #expect(before == .pending(number: 1))
                #expect(applied == Migrations.all.map(\.number))
                #expect(again == [])
                #expect(after == .current)
            }
        }
    }

    @Test("A27: several migrators at once apply each migration once")
    func concurrent() async throws {
        try await withStoreDatabase(isMigrated: false) { database in
            try await database.withConnections(4) { connections in
                let migrator = SchemaMigrator(tenant: database.schema)
                let applied = try await withThrowingTaskGroup(of: [Int].self) { group in
                    for connection in connections {
                        group.addTask { try await migrator.migrate(connection, deadline: .soon) }
                    }
                    return try await group.reduce(into: []) { $0 += $1 }
                }

                #expect(applied.sorted() == Migrations.all.map(\.number))
            }
        }
    }

    @Test("A migrator that waited for another sees what that one created")
    func waitingMigrator() async throws {
        try await withStoreDatabase(isMigrated: false) { database in
            try await database.withConnections(3) { connections in
                let (first, second, observer) = (connections[0], connections[1], connections[2])
                let migrator = SchemaMigrator(tenant: database.schema)
                let process = try await second.processID()
                try await first.run("BEGIN")
                _ = try await first.query(
                    Statements.migrationLock.prepared(in: database.schema),
                    .text(database.schema.description),
                    deadline: .soon
                )
                async let migrated = migrator.migrate(second, deadline: .soon)
                try await observer.waitUntilBlocked(process)
                try await first.run(database.schema.fill("CREATE SCHEMA __schema__"))
                try await first.run("COMMIT")

                #expect(try await migrated == Migrations.all.map(\.number))
            }
        }
    }

    @Test("An applied migration that was edited is refused")
    func edited() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(1) { connections in
                try await connections[0].run("UPDATE migrations SET sha256 = 'other' WHERE number = 2")

                let error = await #expect(throws: StoreError.self) {
                    try await SchemaMigrator(tenant: database.schema).migrate(connections[0], deadline: .soon)
                }
                #expect(error?.code == .schema)
                #expect(error?.detail?.contains("migration 2 (ownership)") == true)
            }
        }
    }

    @Test("A newer migration is lived with, unless it is breaking", arguments: [false, true])
    func newer(isBreaking: Bool) async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(1) { connections in
                try await connections[0].run("INSERT INTO migrations VALUES (9000, 'future', 'x', \(isBreaking))")
                let migrator = SchemaMigrator(tenant: database.schema)

                if isBreaking {
                    let error = await #expect(throws: StoreError.self) {
                        try await migrator.check(connections[0], deadline: .soon)
                    }
                    #expect(error?.code == .schema)
                } else {
                    #expect(try await migrator.check(connections[0], deadline: .soon) == .current)
                }
            }
        }
    }

    @Test("A migration that fails leaves nothing of itself, and those before it stay")
    func failing() async throws {
        try await withStoreDatabase(isMigrated: false) { database in
            try await database.withConnections(1) { connections in
                func migration(_ number: Int, _ source: String) -> Migration {
                    Migration(number: number, name: "test", sha256: "\(number)", isBreaking: false, source: source)
                }
                let good = migration(1, "CREATE TABLE __schema__.one ();")
                let bad = migration(2, "CREATE TABLE __schema__.two (); SELECT 1 / 0;")

                await #expect(throws: StoreError.self) {
                    try await SchemaMigrator(database.schema, [good, bad]).migrate(connections[0], deadline: .soon)
                }
                let tables = try await connections[0].run(
                    "SELECT tablename FROM pg_tables WHERE schemaname = '\(database.schema)' ORDER BY 1"
                )
                #expect(tables == [["migrations"], ["one"]])
            }
        }
    }

    @Test("Every statement can be prepared, with as many parameters as it says")
    func statements() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(1) { connections in
                try await SchemaMigrator(.registry, RegistryMigrations.all).migrate(connections[0], deadline: .soon)
                for statement in Statements.all {
                    let isOfRegistry = statement.name.hasPrefix("registry_")
                    let sql = (isOfRegistry ? SchemaName.registry : database.schema).fill(statement.source)
                    try await connections[0].run("PREPARE \(statement.name) AS \(sql)")
                    let count = try await connections[0].value(
                        """
                        SELECT cardinality(parameter_types) FROM pg_prepared_statements WHERE name = '\(statement.name)'
                        """
                    )
                    #expect(count == "\(statement.parameterCount)", "\(statement.name)")
                }
            }
        }
    }
}
