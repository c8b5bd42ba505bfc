/// Shares starts among the tenants that want them in proportion to their weights. The default.
///
/// Each tenant has a virtual time that advances by runs over weight; the one that is furthest behind is next. A tenant
/// that had nothing to do joins at the present virtual time: it neither pays for having been served alone nor saves up
/// turns while idle. A backlog of one tenant therefore delays no other by more than one quantum.
public struct WeightedFairSelection: SelectionStrategy {
    private var times: [TenantID: Double] = [:]
    private var present = 0.0

    /// Everybody starts level.
    public init() {}

    /// The candidate that has had least for its weight; equals by ID.
    public mutating func choose(among candidates: [TenantDemand], at now: MonotonicInstant) -> Int? {
        var best: (time: Double, index: Int)?
        for (index, candidate) in candidates.enumerated() {
            let time = max(self.times[candidate.tenant] ?? 0, self.present)
            if let least = best, least.time <= time { continue }
            best = (time, index)
        }
        return best?.index
    }

    /// Charges the tenant.
    public mutating func granted(_ count: Int, to demand: TenantDemand, at now: MonotonicInstant) {
        let start = max(self.times[demand.tenant] ?? 0, self.present)
        self.present = start
        self.times[demand.tenant] = start + Double(count) / max(demand.weight, 1e-6)
    }

    /// Forgets the tenant's account.
    public mutating func forgot(_ tenant: TenantID) {
        self.times[tenant] = nil
    }
}
