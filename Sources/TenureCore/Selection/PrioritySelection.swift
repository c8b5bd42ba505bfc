/// Serves the highest priority first, and lets everybody who waits rise with time, so that nobody starves.
///
/// The priority that counts is the tenant's plus that of its most urgent waiting work, plus one for each `riseAfter`
/// without service. A tenant thus waits for others that are n levels above it at most about n × `riseAfter`: choose it
/// as the promise that the levels stand for.
public struct PrioritySelection: SelectionStrategy {
    private let riseAfter: Duration
    private var servedAt: [TenantID: MonotonicInstant] = [:]

    /// Serves by priority.
    ///
    /// - Parameter riseAfter: How long a tenant waits for one level more, from 1 ms. Default 5 s.
    public init(riseAfter: Duration = .seconds(5)) {
        self.riseAfter = max(riseAfter, .milliseconds(1))
    }

    /// The candidate with the highest priority, waiting counted; equals by how long they have not been served, then by
    /// ID.
    public mutating func choose(among candidates: [TenantDemand], at now: MonotonicInstant) -> Int? {
        var best: (level: Double, since: MonotonicInstant, index: Int)?
        for (index, candidate) in candidates.enumerated() {
            // Waiting counts from when it was last served: a backlog does not make its own age count for it.
            let since = max(candidate.dueSince, self.servedAt[candidate.tenant] ?? candidate.dueSince)
            let risen = max(since.duration(to: now), .zero) / self.riseAfter
            let level = Double(candidate.priority) + Double(candidate.workPriority) + risen.rounded(.down)
            if let present = best, (present.level, since) >= (level, present.since) { continue }
            best = (level, since, index)
        }
        return best?.index
    }

    /// Remembers when the tenant was served.
    public mutating func granted(_ count: Int, to demand: TenantDemand, at now: MonotonicInstant) {
        self.servedAt[demand.tenant] = now
    }

    /// Forgets when the tenant was served.
    public mutating func forgot(_ tenant: TenantID) {
        self.servedAt[tenant] = nil
    }
}
