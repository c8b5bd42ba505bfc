import TenureCore
import TestSupport
import Testing

@testable import Tenure

@Suite("Descriptions of tenants that cannot be used")
struct UnreadableTenantsTests {
    private func at(_ seconds: Int64) -> MonotonicInstant { MonotonicInstant(nanoseconds: seconds * 1_000_000_000) }

    private func answer(_ problems: (String, String)...) throws -> DiscoveredTenants {
        DiscoveredTenants(
            [Tenant(id: try TenantID("globex"), connection: "x")],
            unreadable: problems.map { .init(tenant: $0.0, reason: $0.1) }
        )
    }

    /// Tenant and reason of each event about a description.
    private func told(_ news: DiscoveryNews) -> [String] {
        news.events.filter { $0.name == .discoverySuspicious }.map { event in
            event.fields.map { "\($0.name)=\($0.value)" }.joined(separator: " ")
        }
    }

    @Test("Each is told once, again when something else is wrong with it, and anew when it comes back")
    func once() throws {
        var guarded = DiscoveryGuard(refreshInterval: .seconds(30))

        let news = try [
            self.answer(("acme", "bad schema")),
            self.answer(("acme", "bad schema")),
            self.answer(("acme", "bad labels"), ("no id", "bad ID")),
            self.answer(),
            self.answer(("acme", "bad labels")),
        ].enumerated().map { guarded.answered($0.element, at: self.at(Int64($0.offset) * 30)) }

        #expect(
            news.map(self.told) == [
                ["tenant=acme reason=bad schema"], [],
                ["tenant=acme reason=bad labels", "tenant=no id reason=bad ID"], [],
                ["tenant=acme reason=bad labels"],
            ]
        )
        // Nobody else is concerned.
        #expect(news.dropFirst().allSatisfy { $0.isEmpty })
        #expect(guarded.tenants.keys.map(\.description) == ["globex"])
    }

    @Test("A failure in between does not tell it anew")
    func failure() throws {
        var guarded = DiscoveryGuard(refreshInterval: .seconds(30))
        _ = guarded.answered(try self.answer(("acme", "bad schema")), at: self.at(0))
        _ = guarded.failed("away", at: self.at(30))

        #expect(self.told(guarded.answered(try self.answer(("acme", "bad schema")), at: self.at(60))).isEmpty)
    }

    @Test("Several discoveries tell all of theirs")
    func combined() async throws {
        struct Fixed: TenantDiscovery {
            let answer: DiscoveredTenants
            func discover() async throws -> DiscoveredTenants { self.answer }
        }
        let parts = [Fixed(answer: try self.answer(("a", "one"))), Fixed(answer: try self.answer(("b", "two")))]

        let answer = try await CombinedDiscovery(parts).discover()

        #expect(answer.unreadable.map(\.tenant) == ["a", "b"])
    }

    @Test("Rows of the registry: a bad ID, a bad schema and bad labels", .needsPostgres, .timeLimit(.minutes(1)))
    func registry() async throws {
        try await withDatabase { database in
            let registry = Registry(connection: database.url)
            let discovery = RegistryDiscovery(connection: database.url)
            try await registry.add(Tenant(id: try TenantID("acme"), connection: "x"))
            try await registry.add(Tenant(id: try TenantID("globex"), connection: "x"))
            let before = try await discovery.discover()
            try await database.execute(
                """
                ALTER TABLE tenure_registry.tenants DROP CONSTRAINT tenants_schema_name, DROP CONSTRAINT tenants_id,
                    DROP CONSTRAINT tenants_labels;
                UPDATE tenure_registry.tenants SET schema_name = 'no; schema' WHERE tenant_id = 'acme';
                INSERT INTO tenure_registry.tenants (tenant_id, connection_string) VALUES ('no id at all', 'x');
                INSERT INTO tenure_registry.tenants (tenant_id, connection_string, labels)
                    VALUES ('initech', 'x', '[7]');
                """
            )

            let after = try await discovery.discover()
            await registry.close()
            await discovery.close()

            #expect(after.tenants.sorted { $0.id < $1.id } == before.tenants.sorted { $0.id < $1.id })
            #expect(after.unreadable.map(\.tenant).sorted() == ["acme", "initech", "no id at all"])
        }
    }
}
