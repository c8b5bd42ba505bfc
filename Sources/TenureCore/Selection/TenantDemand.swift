/// What one tenant wants to run now, as a selection strategy sees it.
public struct TenantDemand: Sendable, Hashable {
    /// The tenant.
    public let tenant: TenantID
    /// Its share under the weighted strategies; always above 0.
    public var weight: Double
    /// The tenant's own priority; higher comes first.
    public var priority: Int
    /// The highest priority among its work that waits.
    public var workPriority: Int
    /// Runs that wait for a slot.
    public var ready: Int
    /// When the earliest of them became due, on this node's clock.
    public var dueSince: MonotonicInstant
    /// Slots that it holds.
    public var running: Int
    /// Slots that it may hold at once.
    public var limit: Int
    /// The tenant's labels.
    public var labels: [String: String]

    /// Describes a demand, also for tests of one's own strategy.
    public init(
        tenant: TenantID,
        weight: Double = 1,
        priority: Int = 0,
        workPriority: Int = 0,
        ready: Int,
        dueSince: MonotonicInstant = .zero,
        running: Int = 0,
        limit: Int = 50,
        labels: [String: String] = [:]
    ) {
        self.tenant = tenant
        self.weight = weight
        self.priority = priority
        self.workPriority = workPriority
        self.ready = ready
        self.dueSince = dueSince
        self.running = running
        self.limit = limit
        self.labels = labels
    }

    /// How late its earliest work is.
    public func lateness(at now: MonotonicInstant) -> Duration {
        max(self.dueSince.duration(to: now), .zero)
    }

    /// Slots that it could take now.
    package var appetite: Int { max(0, min(self.ready, self.limit - self.running)) }
}
