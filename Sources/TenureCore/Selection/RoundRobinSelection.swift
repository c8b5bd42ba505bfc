/// Gives slots to the tenants in turn, in the order of their IDs, whatever their weights and backlogs.
public struct RoundRobinSelection: SelectionStrategy {
    private var last: TenantID?

    /// Starts with the first tenant.
    public init() {}

    /// The tenant after the one that was served last.
    public mutating func choose(among candidates: [TenantDemand], at now: MonotonicInstant) -> Int? {
        candidates.position(after: self.last)
    }

    /// Remembers whom it served.
    public mutating func granted(_ count: Int, to demand: TenantDemand, at now: MonotonicInstant) {
        self.last = demand.tenant
    }
}
