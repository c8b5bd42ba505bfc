/// What a tenant's labels ask of the node that owns it.
public enum LabelPolicy: String, Sendable, Hashable, Codable, CaseIterable {
    /// The node must have all of them; without such a node the tenant stays unassigned. The default.
    case required
    /// A node that has all of them is taken when there is one with room, any other when not.
    case preferred
    /// Nothing: labels are only for people.
    case ignored
}

/// Chooses nodes for tenants; write your own to place by what only you know.
///
/// The leader calls it for every decision: for new tenants, for those of a lost or a draining node, for tenants whose
/// database their node cannot reach, and when it evens out the load. What every strategy can rely on, since the planner
/// sees to it: candidates take tenants (none is lost, draining or stalled) and have room, pins and required labels are
/// kept, a tenant that moved a moment ago is left alone, moves in flight are never decided again.
///
/// A strategy must be a function of its arguments: every node runs its own copy, and the next leader has to come to the
/// same decisions. In particular it must not depend on the order of a `Dictionary` or a `Set`, on time or on chance.
///
/// ```swift
/// /// Keeps tenants whose name starts with "big-" on the node with the largest capacity.
/// struct BigFirst: PlacementStrategy {
///     func place(_ tenant: TenantDescriptor, among candidates: [NodeCandidate]) -> NodeID? {
///         guard tenant.id.description.hasPrefix("big-") else {
///             return LeastLoadedPlacement().place(tenant, among: candidates)
///         }
///         return candidates.max { ($0.capacity, $1.id) < ($1.capacity, $0.id) }?.id
///     }
/// }
/// ```
public protocol PlacementStrategy: Sendable {
    /// What tenants' labels ask of a node. Default ``LabelPolicy/required``.
    var labelPolicy: LabelPolicy { get }

    /// Whether a node may own a tenant at all: a hard constraint beside pins and labels, kept in every decision.
    ///
    /// A tenant that no node may own stays unassigned, visibly. Default: true.
    func isEligible(_ node: NodeCandidate, for tenant: TenantDescriptor) -> Bool

    /// Chooses a node for a tenant.
    ///
    /// - Parameters:
    ///   - tenant: The tenant that needs a node.
    ///   - candidates: Nodes that may have it and have room, ordered by ID; never empty. Their load contains what was
    ///     decided earlier in the same plan.
    /// - Returns: One of the candidates, or `nil` to leave the tenant where it is, or unassigned.
    func place(_ tenant: TenantDescriptor, among candidates: [NodeCandidate]) -> NodeID?

    /// Proposes moves that make the placement better, the most useful first.
    ///
    /// Called after everything that had to be decided. The planner takes the first that it can perform and drops what
    /// would break a constraint. A strategy must come to rest: once its proposals have been carried out, it has no
    /// more. Default: ``PlacementView/levellingMoves()``.
    func rebalance(_ view: PlacementView) -> [ProposedMove]
}

extension PlacementStrategy {
    /// Labels are required.
    public var labelPolicy: LabelPolicy { .required }

    /// Every node may own every tenant.
    public func isEligible(_ node: NodeCandidate, for tenant: TenantDescriptor) -> Bool { true }

    /// The fewest moves that bring the load within the threshold.
    public func rebalance(_ view: PlacementView) -> [ProposedMove] { view.levellingMoves() }
}
