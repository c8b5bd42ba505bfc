/// Places each tenant on the node with the highest score for it, by weighted rendezvous hashing.
///
/// The owner of a tenant follows from the set of nodes alone: when one joins, only tenants for which it scores highest
/// move, to it; when one leaves, only its own. Shares follow capacity on average; with few tenants they are less even
/// than under ``LeastLoadedPlacement``, and tenants' weights do not count. For caches and files that a tenant leaves on
/// a node: it comes back to the same one.
public struct RendezvousPlacement: PlacementStrategy {
    /// What tenants' labels ask of a node.
    public let labelPolicy: LabelPolicy

    /// Places by hash. Default: labels are required.
    public init(labels: LabelPolicy = .required) {
        self.labelPolicy = labels
    }

    /// The candidate with the highest score.
    public func place(_ tenant: TenantDescriptor, among candidates: [NodeCandidate]) -> NodeID? {
        var best: (score: Double, id: NodeID)?
        for candidate in candidates {
            let score = Self.score(tenant.id, candidate)
            if let present = best, (present.score, candidate.id) >= (score, present.id) { continue }
            best = (score, candidate.id)
        }
        return best?.id
    }

    /// Moves every tenant that may move to its highest-scoring node that may have it and has room, whatever the
    /// threshold: it measures load, and the hash does not.
    public func rebalance(_ view: PlacementView) -> [ProposedMove] {
        var room: [NodeID: Int] = [:]
        for node in view.nodes { room[node.id] = node.room }
        var moves: [ProposedMove] = []
        for tenant in view.tenants where tenant.mobility == .movable {
            guard moves.count < view.limit else { break }
            let candidates = view.nodes.filter { node in
                node.id == tenant.node || (room[node.id, default: 0] > 0 && view.isAllowed(tenant.descriptor, on: node))
            }
            guard let best = self.place(tenant.descriptor, among: candidates), best != tenant.node else { continue }
            room[best, default: 0] -= 1
            moves.append(ProposedMove(tenant.descriptor.id, to: best))
        }
        return moves
    }

    /// Capacity over −ln(u): with it a node's chance to score highest is its share of all capacity.
    static func score(_ tenant: TenantID, _ node: NodeCandidate) -> Double {
        let hash = StableHash.of(tenant.description, node.id.description)
        return node.capacity / -naturalLogarithm(StableHash.unitInterval(hash))
    }
}

/// The natural logarithm of a positive, finite number, to 1e-12 or better.
///
/// Written out because a C library may round differently on another machine, and nodes have to agree.
func naturalLogarithm(_ value: Double) -> Double {
    // value = significand · 2^exponent with the significand in [1, 2); ln s = 2 artanh((s − 1) / (s + 1)).
    let ratio = (value.significand - 1) / (value.significand + 1)
    let square = ratio * ratio
    var term = ratio
    var sum = 0.0
    for odd in stride(from: 1.0, through: 27.0, by: 2.0) {
        sum += term / odd
        term *= square
    }
    return 2 * sum + Double(value.exponent) * 0.693_147_180_559_945_3
}
