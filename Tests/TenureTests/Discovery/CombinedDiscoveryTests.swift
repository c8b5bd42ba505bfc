import Tenure
import TenureCore
import TenureTesting
import Testing

@Suite("CombinedDiscovery")
struct CombinedDiscoveryTests {
    private struct Down: Error, Equatable {}

    private func tenant(_ name: String, connection: String = "one") throws -> Tenant {
        Tenant(id: try TenantID(name), connection: connection)
    }

    @Test("Tenants of all parts are listed, of one ID the earliest part's")
    func merges() async throws {
        let combined = CombinedDiscovery([
            StaticDiscovery(try self.tenant("a"), try self.tenant("b")),
            StaticDiscovery(try self.tenant("b", connection: "two"), try self.tenant("c", connection: "two")),
        ])

        let answer = try await combined.discover()

        #expect(answer.tenants.map(\.id.description) == ["a", "b", "c"])
        #expect(answer.tenants.map(\.connection) == ["one", "one", "two"])
    }

    @Test("A tenant that one part lists is not inactive, whatever another says")
    func inactive() async throws {
        let other = AdjustableDiscovery()
        other.set(DiscoveredTenants([], inactive: [try TenantID("a"), try TenantID("z")]))
        let combined = CombinedDiscovery([StaticDiscovery(try self.tenant("a")), other])

        #expect(try await combined.discover().inactive == [try TenantID("z")])
    }

    @Test("When a part fails the whole answer is unknown (A23)")
    func failure() async throws {
        let other = AdjustableDiscovery([try self.tenant("b")])
        other.fail(with: Down())
        let combined = CombinedDiscovery([StaticDiscovery(try self.tenant("a")), other])

        await #expect(throws: Down()) { try await combined.discover() }
    }

    @Test("A change of any part is announced", .timeLimit(.minutes(1)))
    func changes() async throws {
        let parts = [AdjustableDiscovery(), AdjustableDiscovery()]
        let combined = CombinedDiscovery(parts)
        var changes = combined.changes().makeAsyncIterator()

        for part in parts {
            part.put(try self.tenant("a"))
            #expect(await changes.next() != nil)
        }
    }
}
