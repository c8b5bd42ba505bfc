/// Serves one tenant until nothing of it waits, then the next: for work that profits from a warm cache or connection.
///
/// A burst is bounded: after so many runs in a row the next tenant has its turn, however much still waits. A tenant
/// that never runs dry delays each other one by at most a burst of every tenant in between.
public struct DrainFirstSelection: SelectionStrategy {
    private let burst: Int
    private var current: TenantID?
    private var served = 0

    /// Starts with the first tenant.
    ///
    /// - Parameter burst: Most runs of one tenant in a row, from 1. Default 200.
    public init(burst: Int = 200) {
        self.burst = max(1, burst)
    }

    /// The tenant that is being drained, or the next one.
    public mutating func choose(among candidates: [TenantDemand], at now: MonotonicInstant) -> Int? {
        if let current, self.served < self.burst {
            let position = candidates.position(ofFirstNotBefore: current)
            if position < candidates.count, candidates[position].tenant == current { return position }
        }
        guard let next = candidates.position(after: self.current) else { return nil }
        self.current = candidates[next].tenant
        self.served = 0
        return next
    }

    /// Counts the burst.
    public mutating func granted(_ count: Int, to demand: TenantDemand, at now: MonotonicInstant) {
        self.served += count
    }
}
