internal import Logging

/// What all tenant schedulers of a node share.
struct SchedulerEnvironment: Sendable {
    let handlers: Handlers
    let runs: RunOptions
    let retention: Retention
    let autoMigrate: Bool
    let dispatcher: Dispatcher
    let surroundings: Surroundings
    let events: EventBus
    let logger: Logger
    let gauges: NodeGauges
    /// Makes the store of a tenant; it connects when it is prepared.
    let makeStore: @Sendable (Tenant) -> any TenantStore
    /// Connecting and migrating many tenants at once would delay the hand-overs that are at their short, critical step.
    let preparing: SoftGate
    /// Registrations that are alive, this node's own included; kept up to date by the cluster agent.
    let living: LivingSet
    /// How long claims of a living predecessor stay lent.
    let drainTimeout: Duration

    /// What is known of a tenant that was not opened yet.
    func makeQueue() -> TenantQueue {
        TenantQueue(batchSize: self.runs.batchSize, ageing: self.runs.priorityAgeing, now: self.clock.now)
    }

    /// A name for a claim, made here so that a claim whose reply was lost can be found.
    func newBatchID() -> BatchID { BatchID(self.surroundings.chance.name()) }

    var clock: MonotonicClock { self.surroundings.clock }

    /// The pace at which tenants are prepared.
    static func preparing(_ clock: MonotonicClock) -> SoftGate {
        SoftGate(width: 1, patience: .milliseconds(250), clock: clock)
    }
}
