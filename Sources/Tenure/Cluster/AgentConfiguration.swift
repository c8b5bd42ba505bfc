internal import Logging

/// What a cluster agent is made with.
struct AgentConfiguration: Sendable {
    let descriptor: NodeDescriptor
    let options: CoordinationOptions
    let watchdog: WatchdogOptions
    /// Runs that the node may have in progress at once.
    let maxSlots: Int
    let placement: any PlacementStrategy
    let clock: MonotonicClock
    let events: EventBus
    let logger: Logger
    let living: LivingSet
    let gauges: NodeGauges
    /// Where tenants wait to be prepared; held while a move is at its critical step.
    let preparing: SoftGate
    /// Makes a registration's name.
    let newIncarnation: @Sendable () -> Incarnation
    /// Makes the scheduler of a tenant, which the node then runs.
    let host: @Sendable (Tenant, Holder, @escaping @Sendable (TenantReport) -> Void) -> TenantScheduler
    /// Asks the discovery to look at once: a tenant was assigned that is not known here.
    let rediscover: @Sendable () -> Void
}
