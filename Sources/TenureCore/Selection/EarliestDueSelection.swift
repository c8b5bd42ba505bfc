/// Serves the tenant whose earliest work has waited longest: first come, first served over all tenants.
///
/// A tenant with a large, old backlog comes before everybody's newer work until it is done; its limit of concurrent
/// runs is what leaves slots to others. ``WeightedFairSelection`` does not let a backlog delay anybody.
public struct EarliestDueSelection: SelectionStrategy {
    /// Has no state.
    public init() {}

    /// The candidate that has been due longest; equals by ID.
    public mutating func choose(among candidates: [TenantDemand], at now: MonotonicInstant) -> Int? {
        candidates.indices.min { (candidates[$0].dueSince, $0) < (candidates[$1].dueSince, $1) }
    }
}
