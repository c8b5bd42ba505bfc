import Tenure
import TenureCore
import TestSupport
import Testing

@Suite("RegistryDiscovery and Registry", .needsPostgres, .timeLimit(.minutes(1)))
struct RegistryDiscoveryTests {
    private func tenant(_ name: String, weight: Double = 1) throws -> Tenant {
        Tenant(id: try TenantID(name), connection: "env:\(name.uppercased())", weight: weight, labels: ["region": "eu"])
    }

    /// Runs a body with a registry and its discovery in a database of their own.
    private func withRegistry(
        _ body: (Registry, RegistryDiscovery, DatabaseFixture) async throws -> Void
    ) async throws {
        try await withDatabase { database in
            let registry = Registry(connection: database.url)
            let discovery = RegistryDiscovery(connection: database.url)
            let result: Result<Void, any Error>
            do {
                try await body(registry, discovery, database)
                result = .success(())
            } catch {
                result = .failure(error)
            }
            await registry.close()
            await discovery.close()
            try result.get()
        }
    }

    @Test("What was added is discovered, with every column")
    func roundTrip() async throws {
        try await self.withRegistry { registry, discovery, _ in
            var acme = try self.tenant("acme", weight: 2.5)
            acme.schema = "jobs"
            acme.priority = 3
            acme.pinnedNode = try NodeID("node-1")
            acme.isSuspended = true
            try await registry.add(acme, name: "Acme Ltd")

            let answer = try await discovery.discover()

            #expect(answer == DiscoveredTenants([acme]))
            #expect(try await registry.tenant(acme.id).name == "Acme Ltd")
        }
    }

    @Test("A removed tenant is inactive, and comes back when it is added again (A25)")
    func removed() async throws {
        try await self.withRegistry { registry, discovery, _ in
            let acme = try self.tenant("acme")
            try await registry.add(acme)

            try await registry.remove(acme.id)
            let without = try await discovery.discover()
            try await registry.add(acme)

            #expect(without == DiscoveredTenants([], inactive: [acme.id]))
            #expect(try await discovery.discover() == DiscoveredTenants([acme]))
        }
    }

    @Test("Pins, suspension and changes are seen (A26)")
    func changes() async throws {
        try await self.withRegistry { registry, discovery, _ in
            var acme = try self.tenant("acme")
            try await registry.add(acme)
            let node = try NodeID("node-2")

            try await registry.pin(acme.id, to: node)
            try await registry.setSuspended(acme.id, true)
            let changed = try await discovery.discover().tenants.first
            try await registry.pin(acme.id, to: nil)
            try await registry.setSuspended(acme.id, false)
            acme.connection = "env:OTHER"
            try await registry.update(acme)

            #expect(changed?.pinnedNode == node)
            #expect(changed?.isSuspended == true)
            #expect(try await discovery.discover().tenants == [acme])
        }
    }

    @Test("Adding twice is refused, and changing an unknown tenant is a typed error (A28)")
    func refusals() async throws {
        try await self.withRegistry { registry, _, _ in
            let acme = try self.tenant("acme")
            try await registry.add(acme)

            await #expect(throws: RequestRefused.self) { try await registry.add(acme) }
            let globex = try TenantID("globex")
            await #expect(throws: UnknownTenant("globex")) { try await registry.remove(globex) }
            await #expect(throws: UnknownTenant("globex")) { try await registry.tenant(globex) }
            await #expect(throws: UnknownTenant("globex")) { try await registry.setSuspended(globex, true) }
        }
    }

    @Test("A database without a registry says how to get one")
    func missing() async throws {
        try await self.withRegistry { _, discovery, _ in
            let failure = await #expect(throws: DiscoveryFailure.self) { try await discovery.discover() }

            #expect(failure?.code == .misconfigured)
            #expect(failure?.description.contains("tenure registry init") == true)
        }
    }

    @Test("A server that cannot be reached is unavailable, and the error holds no password")
    func unreachable() async throws {
        let discovery = RegistryDiscovery(
            connection: "postgresql://someone:secret@127.0.0.1:1/registry",
            timeout: .seconds(2)
        )

        let failure = await #expect(throws: DiscoveryFailure.self) { try await discovery.discover() }
        await discovery.close()

        #expect(failure?.code == .unavailable)
        #expect(failure?.description.contains("secret") == false)
    }

    @Test(
        "A connection string that cannot be used is misconfigured",
        arguments: ["env:TENURE_NO_SUCH_VARIABLE", "host"]
    )
    func misconfigured(_ connection: String) async throws {
        let discovery = RegistryDiscovery(connection: connection)

        let failure = await #expect(throws: DiscoveryFailure.self) { try await discovery.discover() }
        await discovery.close()

        #expect(failure?.code == .misconfigured)
    }

    @Test("A change of the table is announced, also one made by hand (A24)")
    func announced() async throws {
        try await self.withRegistry { registry, discovery, database in
            try await registry.setUp()
            var changes = discovery.changes().makeAsyncIterator()
            // Listening begins with one announcement: what happened before may have been missed.
            await changes.next()

            try await registry.add(try self.tenant("acme"))
            await changes.next()
            try await database.execute("UPDATE tenure_registry.tenants SET suspended = true WHERE tenant_id = 'acme'")
            await changes.next()

            #expect(try await discovery.discover().tenants.map(\.isSuspended) == [true])
        }
    }

    @Test("A corrupt row harms its own tenant only, which keeps its last description")
    func corrupt() async throws {
        try await self.withRegistry { registry, discovery, database in
            let acme = try self.tenant("acme")
            try await registry.add(acme)
            try await registry.add(try self.tenant("globex"))
            _ = try await discovery.discover()

            try await database.execute(
                """
                ALTER TABLE tenure_registry.tenants DROP CONSTRAINT tenants_schema_name, DROP CONSTRAINT tenants_id,
                    DROP CONSTRAINT tenants_labels;
                UPDATE tenure_registry.tenants SET schema_name = 'no; schema' WHERE tenant_id = 'acme';
                UPDATE tenure_registry.tenants SET weight = 7 WHERE tenant_id = 'globex';
                INSERT INTO tenure_registry.tenants (tenant_id, connection_string) VALUES ('no id at all', 'x');
                INSERT INTO tenure_registry.tenants (tenant_id, connection_string, labels)
                    VALUES ('initech', 'x', '[7]');
                """
            )
            let answer = try await discovery.discover()

            #expect(answer.tenants.sorted { $0.id < $1.id }.map(\.id.description) == ["acme", "globex"])
            #expect(answer.tenants.first { $0.id == acme.id } == acme)
            #expect(answer.tenants.first { $0.id != acme.id }?.weight == 7)
            let unreadable = try await registry.tenants().unreadable.map(\.tenant)
            #expect(unreadable.sorted() == ["initech", "no id at all"])
        }
    }
}
