/// Finds out which tenants there are.
///
/// A node asks again every `DiscoveryInterval` and whenever ``changes()`` yields. Throw when the answer is not known:
/// a node keeps its last good list then. An empty or much shorter answer is not believed at once either; a tenant goes
/// when it is reported as inactive, or has been missing from several answers in a row.
public protocol TenantDiscovery: Sendable {
    /// The tenants that exist now.
    func discover() async throws -> DiscoveredTenants

    /// Yields whenever it is worth asking again at once. The default never yields.
    func changes() -> AsyncStream<Void>

    /// The tenants that this process knows by a list of its own, if it has one; other nodes may lack them, and get none
    /// of them then. The default is none: every node asks in the same place.
    var ownTenants: OwnTenants? { get }
}

extension TenantDiscovery {
    /// None.
    public var ownTenants: OwnTenants? { nil }

    /// Never yields.
    public func changes() -> AsyncStream<Void> {
        AsyncStream { $0.finish() }
    }
}

/// A list of tenants that one process has.
public struct OwnTenants: Sendable, Hashable {
    /// The list.
    public var tenants: [Tenant]
    /// Whether the process knows no others.
    public var isEverything: Bool

    /// Describes a list.
    public init(_ tenants: [Tenant], isEverything: Bool) {
        self.tenants = tenants
        self.isEverything = isEverything
    }

    /// What the cluster is told of it: no connection strings.
    var listing: TenantListing { TenantListing(self.tenants.map(\.descriptor), isEverything: self.isEverything) }
}

/// What a discovery answers.
public struct DiscoveredTenants: Sendable, Hashable {
    /// A description that cannot be used.
    public struct Unreadable: Sendable, Hashable {
        /// The ID as it stands there, which may be no valid one.
        public let tenant: String
        /// What is wrong with it; never a connection string.
        public let reason: String

        /// Describes what is wrong.
        public init(tenant: String, reason: String) {
            self.tenant = tenant
            self.reason = reason
        }
    }

    /// Tenants that exist.
    public var tenants: [Tenant]
    /// Tenants that are known to be gone (`is_active = false`): they are removed without waiting for confirmation.
    public var inactive: Set<TenantID>
    /// Descriptions that cannot be used. Each is told once, by an event; list the tenant as it was before, if it is to
    /// stay.
    public var unreadable: [Unreadable]

    /// An answer.
    public init(_ tenants: [Tenant], inactive: Set<TenantID> = [], unreadable: [Unreadable] = []) {
        self.tenants = tenants
        self.inactive = inactive
        self.unreadable = unreadable
    }
}
