import PostgresClient
import PostgresStore
import TenureCore
import TestSupport
import Testing

@Suite("PostgresRegistry", .needsPostgres, .timeLimit(.minutes(1)))
struct RegistryTests {
    private static let id = try! TenantID("acme")

    private static func entry(_ id: TenantID = Self.id) -> RegistryEntry {
        RegistryEntry(
            id: id,
            name: "ACME",
            connection: "env:ACME_URL",
            schema: "acme_1",
            weight: 2.5,
            priority: 3,
            labels: ["region": "eu"]
        )
    }

    @Test("Reading a registry that does not exist fails, writing creates it")
    func creation() async throws {
        try await withRegistry { registry, _ in
            let error = await #expect(throws: StoreError.self) { try await registry.list() }
            #expect(error?.code == .schema)

            try await registry.add(Self.entry())

            #expect(try await registry.list().tenants.map(\.id) == [Self.id])
            #expect(try await registry.initialize() == false)
        }
    }

    @Test("A tenant is shown as it was added, and changes column by column")
    func changes() async throws {
        try await withRegistry { registry, _ in
            try await registry.add(Self.entry())
            var shown = try await registry.show(Self.id)
            #expect(shown.createdAt == shown.updatedAt && shown.createdAt > ServerTime(microseconds: 0))
            (shown.createdAt, shown.updatedAt) = (.distantPast, .distantPast)
            #expect(shown == Self.entry())

            try await registry.suspend(Self.id)
            try await registry.pin(Self.id, to: try NodeID("node-7"))
            var change = RegistryChange()
            change.connection = "postgresql://new/acme"
            change.labels = [:]
            change.name = ""
            try await registry.update(Self.id, change)
            let changed = try await registry.show(Self.id)
            #expect(changed.isSuspended && changed.pinnedNode?.description == "node-7")
            #expect(changed.connection == "postgresql://new/acme" && changed.labels.isEmpty && changed.name == nil)
            #expect(changed.schema == "acme_1" && changed.weight == 2.5 && changed.priority == 3)
            #expect(changed.updatedAt > changed.createdAt)
            try await registry.resume(Self.id)
            try await registry.unpin(Self.id)
            let freed = try await registry.show(Self.id)
            #expect(!freed.isSuspended && freed.pinnedNode == nil)
        }
    }

    @Test("A removed tenant stays as inactive, and comes back when it is added again")
    func removal() async throws {
        try await withRegistry { registry, _ in
            try await registry.add(Self.entry())
            await #expect(throws: RefusedRequest.self) { try await registry.add(Self.entry()) }

            try await registry.remove(Self.id)

            #expect(try await registry.list().tenants.map(\.isActive) == [false])
            let gone = await #expect(throws: RefusedRequest.self) { try await registry.show(Self.id) }
            #expect(gone?.isNotFound == true)
            await #expect(throws: RefusedRequest.self) { try await registry.remove(Self.id) }
            await #expect(throws: RefusedRequest.self) { try await registry.suspend(Self.id) }
            var again = Self.entry()
            again.connection = "elsewhere"
            try await registry.add(again)
            #expect(try await registry.show(Self.id).connection == "elsewhere")
        }
    }

    @Test("Values that are not allowed are refused")
    func refusals() async throws {
        try await withRegistry { registry, _ in
            var entry = Self.entry()
            entry.schema = "no schema"
            await #expect(throws: RefusedRequest.self) { try await registry.add(entry) }
            entry = Self.entry()
            entry.weight = 0
            await #expect(throws: RefusedRequest.self) { try await registry.add(entry) }
        }
    }

    @Test("A row that cannot be understood is named and does not hide the others")
    func unreadable() async throws {
        try await withRegistry { registry, database in
            try await registry.add(Self.entry())
            try await registry.add(Self.entry(try TenantID("broken")))
            try await database.withConnections(1) { connections in
                try await connections[0].run(
                    "UPDATE tenure_registry.tenants SET labels = '{\"a\": [1]}' WHERE tenant_id = 'broken'"
                )
            }

            let listing = try await registry.list()

            #expect(listing.tenants.map(\.id) == [Self.id])
            #expect(listing.unreadable.map(\.tenantID) == ["broken"])
        }
    }

    @Test("A removed tenant is reported as inactive, whatever else its row holds")
    func removedAndUnreadable() async throws {
        try await withRegistry { registry, database in
            try await registry.add(Self.entry())
            try await registry.remove(Self.id)
            try await database.withConnections(1) { connections in
                try await connections[0].run("UPDATE tenure_registry.tenants SET labels = '{\"a\": [1]}'")
            }

            let listing = try await registry.list()

            #expect(listing.tenants.map(\.id) == [Self.id])
            #expect(listing.tenants.map(\.isActive) == [false])
            #expect(listing.unreadable.isEmpty)
        }
    }

    @Test("Every change of the table is told, also one made by hand")
    func notifications() async throws {
        try await withRegistry { registry, database in
            try await registry.initialize()
            var changes = await registry.changes().makeAsyncIterator()
            #expect(await changes.next() != nil, "from here on it listens")

            try await registry.add(Self.entry())
            #expect(await changes.next() != nil)
            let connection = try await database.connect()
            try await connection.run("UPDATE tenure_registry.tenants SET weight = 5")
            #expect(await changes.next() != nil)
            try await connection.run("TRUNCATE tenure_registry.tenants")
            #expect(await changes.next() != nil)
            await connection.close()
        }
    }

    private func withRegistry(_ body: (PostgresRegistry, StoreDatabase) async throws -> Void) async throws {
        try await withStoreDatabase(isMigrated: false) { database in
            try await body(try PostgresRegistry(pools: database.pools, connection: database.url), database)
        }
    }
}
