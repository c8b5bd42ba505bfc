import Foundation
import Synchronization
import TenureCore
import Testing

@testable import Tenure
@testable import TenureTesting

@Suite("TenantRouter (A28)", .timeLimit(.minutes(1)))
struct TenantRouterTests {
    private struct Down: Error, Equatable {}

    private let acme: TenantID
    private let clock = ManualClock()
    private let discovery: AdjustableDiscovery

    init() throws {
        self.acme = try TenantID("acme")
        self.discovery = AdjustableDiscovery([Tenant(id: self.acme, connection: "one")])
    }

    private func router() -> TenantRouter {
        let backend = InMemoryTenantBackend(now: ServerTime(microseconds: 0))
        return TenantRouter(
            discovery: self.discovery,
            refreshInterval: .seconds(30),
            now: { [clock] in clock.now },
            makeBackend: { _ in backend }
        )
    }

    @Test("A tenant is found by ID, by text and by UUID in either case")
    func keys() async throws {
        let lower = UUID()
        let upper = UUID()
        self.discovery.put(Tenant(id: try TenantID(lower.uuidString.lowercased()), connection: "one"))
        self.discovery.put(Tenant(id: try TenantID(upper.uuidString), connection: "one"))
        let router = self.router()

        #expect(try await router.client(for: self.acme).tenant == self.acme)
        #expect(try await router.client(for: "acme").tenant == self.acme)
        #expect(try await router.client(for: lower).tenant.description == lower.uuidString.lowercased())
        #expect(try await router.client(for: upper).tenant.description == upper.uuidString)
    }

    @Test("A key that names no tenant is a typed error", arguments: ["globex", "", "no tenant at all"])
    func unknown(_ key: String) async throws {
        let router = self.router()

        await #expect(throws: UnknownTenant(key)) { try await router.client(for: key) }
        await #expect(throws: UnknownTenant.self) { try await router.client(for: UUID()) }
    }

    @Test("The list is looked at once in a refresh interval")
    func refresh() async throws {
        let router = self.router()
        _ = try await router.client(for: self.acme)
        _ = try await router.client(for: self.acme)
        #expect(self.discovery.looks == 1)

        self.clock.advance(by: .seconds(30))
        _ = try await router.client(for: self.acme)

        #expect(self.discovery.looks == 2)
    }

    @Test("An unknown key looks again, but not more than once a second")
    func unknownLooks() async throws {
        let router = self.router()
        _ = try await router.client(for: self.acme)
        self.clock.advance(by: .seconds(2))
        for _ in 0..<5 {
            await #expect(throws: UnknownTenant.self) { try await router.client(for: "globex") }
        }
        #expect(self.discovery.looks == 2)

        self.discovery.put(Tenant(id: try TenantID("globex"), connection: "one"))
        self.clock.advance(by: .seconds(1))

        #expect(try await router.client(for: "globex").tenant.description == "globex")
    }

    @Test("While the discovery fails the last good list stays (A23)")
    func failure() async throws {
        let router = self.router()
        _ = try await router.client(for: self.acme)
        self.discovery.fail(with: Down())
        self.clock.advance(by: .seconds(31))

        #expect(try await router.client(for: self.acme).tenant == self.acme)
        #expect(try await router.client(for: self.acme).tenant == self.acme)
        // The second caller did not wait for another look.
        #expect(self.discovery.looks == 2)
    }

    @Test("Without any list the discovery's error is thrown, for a while without another look")
    func neverAnswered() async throws {
        self.discovery.fail(with: Down())
        let router = self.router()
        await #expect(throws: Down()) { try await router.client(for: self.acme) }
        await #expect(throws: Down()) { try await router.client(for: self.acme) }
        #expect(self.discovery.looks == 1)

        self.discovery.fail(with: nil)
        self.clock.advance(by: .seconds(1))

        #expect(try await router.client(for: self.acme).tenant == self.acme)
    }

    @Test("A tenant that became inactive is unknown after the refresh")
    func removed() async throws {
        let router = self.router()
        _ = try await router.client(for: self.acme)
        self.discovery.deactivate(self.acme)
        self.clock.advance(by: .seconds(30))

        await #expect(throws: UnknownTenant.self) { try await router.client(for: self.acme) }
    }

    @Test("A changed connection leads to a new backend, an unchanged one to the same (A26)")
    func changedConnection() async throws {
        let made = MadeBackends()
        let router = TenantRouter(
            discovery: self.discovery,
            refreshInterval: .seconds(30),
            now: { [clock] in clock.now },
            makeBackend: { made.make($0) }
        )
        _ = try await router.client(for: self.acme)
        _ = try await router.client(for: self.acme)
        self.discovery.put(Tenant(id: self.acme, connection: "two"))
        self.clock.advance(by: .seconds(30))
        _ = try await router.client(for: self.acme)

        #expect(made.connections == ["one", "two"])
    }

    @Test("Each enqueue is hinted, and closing waits for the hints")
    func hints() async throws {
        let hinted = Mutex<[TenantID]>([])
        let backend = InMemoryTenantBackend(now: ServerTime(microseconds: 0))
        let router = TenantRouter(
            discovery: self.discovery,
            refreshInterval: .seconds(30),
            now: { .zero },
            hint: { tenant in hinted.withLock { $0.append(tenant) } },
            makeBackend: { _ in backend }
        )

        try await router.client(for: self.acme).enqueue("a")
        await router.close()

        #expect(hinted.withLock { $0 } == [self.acme])
    }

    @Test("A hint that fails does not fail the enqueue")
    func failingHint() async throws {
        let backend = InMemoryTenantBackend(now: ServerTime(microseconds: 0))
        let router = TenantRouter(
            discovery: self.discovery,
            refreshInterval: .seconds(30),
            now: { .zero },
            hint: { _ in throw Down() },
            makeBackend: { _ in backend }
        )

        let id = try await router.client(for: self.acme).enqueue("a")
        await router.close()

        #expect(backend.allWork.map(\.id) == [id])
    }
}

/// Remembers what backends were made for.
private final class MadeBackends: Sendable {
    private let tenants = Mutex<[Tenant]>([])

    var connections: [String] { self.tenants.withLock { $0.map(\.connection) } }

    func make(_ tenant: Tenant) -> any TenantBackend {
        self.tenants.withLock { $0.append(tenant) }
        return InMemoryTenantBackend(now: ServerTime(microseconds: 0))
    }
}
