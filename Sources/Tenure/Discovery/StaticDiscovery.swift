/// A list of tenants that never changes: for programs that name their tenants in their settings or on the command line.
public struct StaticDiscovery: TenantDiscovery {
    private let tenants: [Tenant]

    /// Knows these tenants.
    public init(_ tenants: [Tenant]) {
        self.tenants = tenants
    }

    /// Knows these tenants.
    public init(_ tenants: Tenant...) {
        self.tenants = tenants
    }

    /// The list.
    public func discover() async throws -> DiscoveredTenants {
        DiscoveredTenants(self.tenants)
    }

    /// The list, which is everything.
    public var ownTenants: OwnTenants? { OwnTenants(self.tenants, isEverything: true) }
}
