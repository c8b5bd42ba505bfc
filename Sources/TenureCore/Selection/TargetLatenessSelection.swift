/// Serves the tenant that has used up the largest share of its target lateness (its service level) first.
///
/// A tenant whose work may be 1 s late and has waited for 0.5 s comes before one that may be 60 s late and has waited
/// for 20 s. Waiting counts from when the tenant was last served: a backlog that can no longer be in time does not keep
/// the others from being so. A tenant waits at most about its target for each other tenant that is always late.
public struct TargetLatenessSelection: SelectionStrategy {
    /// The label in which a tenant's target stands, in milliseconds.
    public static let label = "target_lateness_ms"

    private let defaultTarget: Duration
    private let targets: [TenantID: Duration]
    private var servedAt: [TenantID: MonotonicInstant] = [:]

    /// Serves by target lateness.
    ///
    /// - Parameters:
    ///   - defaultTarget: For tenants without a target of their own, from 1 ms. Default 10 s.
    ///   - targets: Targets by tenant; they come before the tenant's label ``label``.
    public init(defaultTarget: Duration = .seconds(10), targets: [TenantID: Duration] = [:]) {
        self.defaultTarget = max(defaultTarget, .milliseconds(1))
        self.targets = targets
    }

    /// The candidate with the largest share used up; equals by how long they have waited, then by ID.
    public mutating func choose(among candidates: [TenantDemand], at now: MonotonicInstant) -> Int? {
        var best: (share: Double, since: MonotonicInstant, index: Int)?
        for (index, candidate) in candidates.enumerated() {
            let since = max(candidate.dueSince, self.servedAt[candidate.tenant] ?? candidate.dueSince)
            let share = max(since.duration(to: now), .zero) / self.target(of: candidate)
            if let present = best, (present.share, since) >= (share, present.since) { continue }
            best = (share, since, index)
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

    private func target(of demand: TenantDemand) -> Duration {
        if let target = self.targets[demand.tenant] { return max(target, .milliseconds(1)) }
        // A label that is no positive number counts as none.
        guard let text = demand.labels[Self.label], let milliseconds = Int64(text), milliseconds > 0 else {
            return self.defaultTarget
        }
        return .milliseconds(milliseconds)
    }
}
