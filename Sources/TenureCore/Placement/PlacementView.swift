/// One tenant and the node that it is on, or will be on once its move in flight has ended.
public struct PlacedTenant: Sendable, Hashable {
    /// Whether a tenant may move to make the placement better.
    public enum Mobility: Sendable, Hashable {
        /// It may move now.
        case movable
        /// Not now: it moved a moment ago, or it is being opened or moved.
        case later
        /// Never: it is pinned, or its database cannot be reached from anywhere.
        case fixed
    }

    /// The tenant.
    public let descriptor: TenantDescriptor
    /// Where it is.
    public let node: NodeID
    /// Whether it may move.
    public let mobility: Mobility

    /// Describes a placed tenant, also for tests of one's own strategy.
    public init(_ descriptor: TenantDescriptor, on node: NodeID, mobility: Mobility = .movable) {
        self.descriptor = descriptor
        self.node = node
        self.mobility = mobility
    }
}

/// A move that a strategy proposes.
public struct ProposedMove: Sendable, Hashable {
    /// The tenant to move.
    public let tenant: TenantID
    /// Where to.
    public let target: NodeID

    /// Proposes a move.
    public init(_ tenant: TenantID, to target: NodeID) {
        self.tenant = tenant
        self.target = target
    }
}

/// The placement that a strategy is asked to make better.
public struct PlacementView: Sendable {
    /// Decides whether a node may own a tenant.
    public typealias Rule = @Sendable (TenantDescriptor, NodeCandidate) -> Bool

    /// Nodes that take tenants, ordered by ID. Those without room are among them.
    public let nodes: [NodeCandidate]
    /// Tenants on these nodes, ordered by ID.
    public let tenants: [PlacedTenant]
    /// The share (max − min) / mean of the relative load that is tolerated; 0 when an operator asked for balance.
    public let threshold: Double
    /// How many moves can be taken now; proposals beyond it are for nothing.
    public let limit: Int

    private let rule: Rule

    /// Describes a placement, also for tests of one's own strategy.
    ///
    /// - Parameter rule: Decides whether a node may own a tenant, room aside. Default: always.
    public init(
        nodes: [NodeCandidate],
        tenants: [PlacedTenant],
        threshold: Double = 0.2,
        limit: Int = .max,
        rule: @escaping Rule = { _, _ in true }
    ) {
        self.nodes = nodes.sorted { $0.id < $1.id }
        self.tenants = tenants.sorted { $0.descriptor.id < $1.descriptor.id }
        self.threshold = threshold
        self.limit = limit
        self.rule = rule
    }

    /// Whether a node may own a tenant by pins, labels and the strategy's own rule; room aside.
    public func isAllowed(_ tenant: TenantDescriptor, on node: NodeCandidate) -> Bool {
        self.rule(tenant, node)
    }
}
