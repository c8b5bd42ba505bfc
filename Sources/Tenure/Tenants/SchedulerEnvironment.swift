internal import Foundation
internal import Logging

/// What all tenant schedulers of a node share.
struct SchedulerEnvironment: Sendable {
    let handlers: Handlers
    let runs: RunOptions
    let autoMigrate: Bool
    let dispatcher: Dispatcher
    let clock: MonotonicClock
    let events: EventBus
    let logger: Logger
    let gauges: NodeGauges
    /// Makes the store of a tenant; it connects when it is prepared.
    let makeStore: @Sendable (Tenant) -> any TenantStore
    /// Connecting and migrating many tenants at once would delay the hand-overs that are at their short, critical step.
    let preparing = SoftGate(width: 1, patience: .milliseconds(250))
    /// Registrations that are alive, this node's own included; kept up to date by the cluster agent.
    let living: LivingSet
    /// How long claims of a living predecessor stay lent.
    let drainTimeout: Duration

    /// A name for a claim, made here so that a claim whose reply was lost can be found.
    func newBatchID() -> BatchID { BatchID(UUID().uuidString.lowercased()) }
}
