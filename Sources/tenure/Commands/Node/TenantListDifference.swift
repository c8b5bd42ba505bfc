internal import TenureCore

/// A tenant that one node knows and another does not, so that nobody runs its work.
///
/// The leader's list of tenants counts, and an owner needs the tenant's connection: with a registry all nodes read the
/// same list, but lists on command lines and in files may differ. Pure.
enum TenantListDifference: Sendable, Hashable {
    /// It was assigned to this node, or is to move here, and this node does not know where its database is.
    case unknownHere(TenantID)
    /// It stands on this node's own list, and the leader has not heard of it.
    case unknownToLeader(TenantID, leader: NodeID)

    /// The differences that a look at the cluster shows, by tenant.
    ///
    /// - Parameters:
    ///   - node: This node.
    ///   - known: Tenants that its discovery has found.
    ///   - listed: Tenants of its static list.
    static func all(
        of node: NodeID,
        known: Set<TenantID>,
        listed: [TenantID],
        in state: ClusterState
    ) -> [TenantListDifference] {
        guard state.nodes[node] != nil, let leader = state.leader?.holder.node else { return [] }
        let assigned = state.owners.filter { $0.value == node }.map(\.key)
        let coming = state.moves.filter { $0.value.target == node }.map(\.key)
        let unknownHere = Set(assigned + coming).filter { !known.contains($0) }.sorted().map { Self.unknownHere($0) }
        // A leader publishes its own list before long.
        guard leader != node else { return unknownHere }
        let unknownThere = listed.filter { state.tenants[$0] == nil }.sorted()
        return unknownHere + unknownThere.map { .unknownToLeader($0, leader: leader) }
    }

    /// What is wrong and what to do.
    var message: String {
        let advice =
            "give every node the same --tenant flags and the same 'tenants' in its settings file, or put the tenants "
            + "into a registry"
        return switch self {
        case .unknownHere(let tenant):
            "tenant \(tenant) was given to this node, which does not know where its database is and cannot run its "
                + "work: \(advice)"
        case .unknownToLeader(let tenant, let leader):
            "tenant \(tenant) is on this node's list and not on that of the leader, \(leader), so nobody runs its "
                + "work: \(advice)"
        }
    }
}
