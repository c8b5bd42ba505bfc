/// Chooses which tenant gets the next free slots of a node; write your own to serve by what only you know.
///
/// A node asks whenever slots are free and tenants have due work: the strategy chooses one tenant, which gets a small
/// number of slots (a quantum), then the node asks again, until the slots are given out. Limits per node and tenant are
/// kept by the node; a tenant that has reached its limit is no candidate.
///
/// A strategy may keep state: it lives as long as the node, on one task at a time. It should bound how often it prefers
/// one tenant over another that waits; nothing else keeps a tenant from starving.
///
/// ```swift
/// /// Serves the tenants of one list before all others, each list in turn.
/// struct GoldFirst: SelectionStrategy {
///     let gold: Set<TenantID>
///     var base = WeightedFairSelection()
///
///     mutating func choose(among candidates: [TenantDemand], at now: MonotonicInstant) -> Int? {
///         let preferred = candidates.filter { self.gold.contains($0.tenant) }
///         guard let index = self.base.choose(among: preferred.isEmpty ? candidates : preferred, at: now) else {
///             return nil
///         }
///         let tenant = (preferred.isEmpty ? candidates : preferred)[index].tenant
///         return candidates.firstIndex { $0.tenant == tenant }
///     }
///
///     mutating func granted(_ count: Int, to demand: TenantDemand, at now: MonotonicInstant) {
///         self.base.granted(count, to: demand, at: now)
///     }
/// }
/// ```
public protocol SelectionStrategy: Sendable {
    /// Chooses the tenant that gets the next slots.
    ///
    /// - Parameters:
    ///   - candidates: Tenants with due work that are below their limit, ordered by ID; never empty.
    ///   - now: This node's clock.
    /// - Returns: A position in `candidates`, or `nil` to leave the remaining slots free for now.
    mutating func choose(among candidates: [TenantDemand], at now: MonotonicInstant) -> Int?

    /// Slots were given to a tenant that it chose. Default: nothing.
    mutating func granted(_ count: Int, to demand: TenantDemand, at now: MonotonicInstant)

    /// A tenant left this node: what was remembered about it can go. Default: nothing.
    mutating func forgot(_ tenant: TenantID)
}

extension SelectionStrategy {
    /// Remembers nothing.
    public mutating func granted(_ count: Int, to demand: TenantDemand, at now: MonotonicInstant) {}

    /// Has nothing to forget.
    public mutating func forgot(_ tenant: TenantID) {}
}

extension [TenantDemand] {
    /// The position of the first candidate after a tenant in the order of IDs, from the front when there is none.
    func position(after tenant: TenantID?) -> Int? {
        guard !self.isEmpty else { return nil }
        guard let tenant else { return 0 }
        let position = self.position(ofFirstNotBefore: tenant)
        if position < self.count, self[position].tenant == tenant { return (position + 1) % self.count }
        return position % self.count
    }

    /// Where a tenant is, or would be, in the order of IDs.
    func position(ofFirstNotBefore tenant: TenantID) -> Int {
        var low = 0
        var high = self.count
        while low < high {
            let middle = (low + high) / 2
            if self[middle].tenant < tenant { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
