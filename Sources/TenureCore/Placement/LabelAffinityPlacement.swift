/// Keeps tenants on nodes that have all their labels, and lets another strategy choose among those.
///
/// Labels are required by default under every strategy; this one says what happens when no node has them.
///
/// ```swift
/// // European tenants run on European nodes while there is one with room, and elsewhere rather than nowhere.
/// LabelAffinityPlacement(otherwise: .anyNode)
/// ```
public struct LabelAffinityPlacement: PlacementStrategy {
    /// What happens to a tenant when no node with room has its labels.
    public enum Fallback: Sendable, Hashable {
        /// It stays unassigned until there is one.
        case unassigned
        /// Any node takes it; it moves when one with its labels has room.
        case anyNode
    }

    private let fallback: Fallback
    private let base: any PlacementStrategy

    /// Narrows the choice of another strategy to nodes with the tenant's labels.
    ///
    /// - Parameters:
    ///   - fallback: What happens when there is none. Default: the tenant stays unassigned.
    ///   - base: Chooses among the nodes that are left. Default: ``LeastLoadedPlacement``.
    public init(otherwise fallback: Fallback = .unassigned, base: any PlacementStrategy = LeastLoadedPlacement()) {
        self.fallback = fallback
        self.base = base
    }

    /// Required, or preferred where any node will do otherwise.
    public var labelPolicy: LabelPolicy {
        switch self.fallback {
        case .unassigned: .required
        case .anyNode: .preferred
        }
    }

    /// Whether the base strategy allows it.
    public func isEligible(_ node: NodeCandidate, for tenant: TenantDescriptor) -> Bool {
        self.base.isEligible(node, for: tenant)
    }

    /// The base strategy's choice among nodes that have the tenant's labels, or, where allowed, among any.
    public func place(_ tenant: TenantDescriptor, among candidates: [NodeCandidate]) -> NodeID? {
        let matching = candidates.filter { $0.hasLabels(tenant.labels) }
        if !matching.isEmpty { return self.base.place(tenant, among: matching) }
        switch self.fallback {
        case .unassigned: return nil
        case .anyNode: return self.base.place(tenant, among: candidates)
        }
    }

    /// The base strategy's moves; the planner keeps them within the labels.
    public func rebalance(_ view: PlacementView) -> [ProposedMove] {
        self.base.rebalance(view)
    }
}
