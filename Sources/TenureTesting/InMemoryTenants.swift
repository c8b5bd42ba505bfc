public import Tenure
public import TenureCore

/// Tenants without a database: for tests of code that hands work over through a ``TenantRouter``.
///
/// What is enqueued stays where a test can see it; nothing runs. Arguments are refused as the tenants' schemas refuse
/// them.
///
/// ```swift
/// let acme = try TenantID("acme")
/// let tenants = InMemoryTenants(acme)
/// try await Checkout(router: tenants.router).complete(order)
/// #expect(tenants.work(of: acme).map(\.topic) == ["invoice.send"])
/// ```
public struct InMemoryTenants: Sendable {
    /// Leads to these tenants, and to no other.
    public let router: TenantRouter

    private let backends: [TenantID: InMemoryTenantBackend]

    /// Tenants with these IDs.
    public init(_ ids: TenantID...) {
        self.init(ids)
    }

    /// Tenants with these IDs.
    ///
    /// - Parameter now: What the databases' clocks show; they stand still. Default 2026-01-01 00:00 UTC.
    public init(_ ids: [TenantID], now: ServerTime = ServerTime(microseconds: 1_767_225_600_000_000)) {
        var backends: [TenantID: InMemoryTenantBackend] = [:]
        for id in ids { backends[id] = InMemoryTenantBackend(now: now) }
        self.backends = backends
        self.router = TenantRouter(
            discovery: StaticDiscovery(ids.map { Tenant(id: $0, connection: "memory") }),
            refreshInterval: .seconds(30),
            now: { .zero },
            makeBackend: { [backends] tenant in
                guard let backend = backends[tenant.id] else { throw UnknownTenant(tenant.id.description) }
                return backend
            }
        )
    }

    /// What was enqueued or scheduled for a tenant and not cancelled, in the order of the IDs.
    public func work(of tenant: TenantID) -> [WorkInfo] {
        self.backends[tenant]?.allWork ?? []
    }

    /// The jobs of a tenant, by name.
    public func jobs(of tenant: TenantID) -> [JobInfo] {
        self.backends[tenant]?.allJobs ?? []
    }
}
