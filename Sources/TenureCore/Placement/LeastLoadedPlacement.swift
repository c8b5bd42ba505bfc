/// Places each tenant where the load per unit of capacity stays lowest, and moves the fewest tenants to keep it level.
/// The default.
///
/// Load is the sum of tenants' weights; equals are decided by the number of tenants, then by node ID.
public struct LeastLoadedPlacement: PlacementStrategy {
    /// What tenants' labels ask of a node.
    public let labelPolicy: LabelPolicy

    /// Places by load. Default: labels are required.
    public init(labels: LabelPolicy = .required) {
        self.labelPolicy = labels
    }

    /// The candidate that would be least loaded with the tenant.
    public func place(_ tenant: TenantDescriptor, among candidates: [NodeCandidate]) -> NodeID? {
        let weight = tenant.placementWeight
        var best: (load: Double, index: Int)?
        for (index, candidate) in candidates.enumerated() {
            let load = (candidate.weight + weight) / candidate.capacity
            guard let present = best else {
                best = (load, index)
                continue
            }
            let isLower = load < present.load - 1e-9
            let isEqual = !isLower && load <= present.load + 1e-9
            let other = candidates[present.index]
            if isLower || (isEqual && (candidate.tenants, candidate.id) < (other.tenants, other.id)) {
                best = (load, index)
            }
        }
        return best.map { candidates[$0.index].id }
    }
}

extension TenantDescriptor {
    /// The weight that planning counts with: 1 for what is not a number, never below 0.
    package var placementWeight: Double {
        self.weight.isFinite ? max(self.weight, 0) : 1
    }
}
