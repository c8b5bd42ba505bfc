/// The names of events. A contract: scripts and dashboards rely on them.
public enum EventName: String, Sendable, Hashable, CaseIterable {
    case nodeJoined = "node.joined"
    case nodeLeft = "node.left"
    case nodeLost = "node.lost"
    case nodeDraining = "node.draining"
    case leaderElected = "leader.elected"
    case leaderLost = "leader.lost"
    case leaderResigned = "leader.resigned"
    case tenantDiscovered = "tenant.discovered"
    case tenantRemoved = "tenant.removed"
    case tenantChanged = "tenant.changed"
    case tenantAssigned = "tenant.assigned"
    case tenantUnassigned = "tenant.unassigned"
    case tenantAcquired = "tenant.acquired"
    case tenantOpened = "tenant.opened"
    case tenantReleased = "tenant.released"
    case tenantDrained = "tenant.drained"
    case tenantLost = "tenant.lost"
    case tenantFenced = "tenant.fenced"
    case tenantFailed = "tenant.failed"
    case tenantRecovered = "tenant.recovered"
    case handoverCompleted = "handover.completed"
    case takeoverCompleted = "takeover.completed"
    case rebalancePlanned = "rebalance.planned"
    case discoveryCompleted = "discovery.completed"
    case discoveryFailed = "discovery.failed"
    case discoverySuspicious = "discovery.suspicious"
    case redisLost = "redis.lost"
    case redisRestored = "redis.restored"
    case redisForgot = "redis.forgot"
    case topicUnhandled = "topic.unhandled"
    case watchdogOverdue = "watchdog.overdue"
    case watchdogStuck = "watchdog.stuck"
    case watchdogUnowned = "watchdog.unowned"
    case workClaimed = "work.claimed"
    case runCompleted = "run.completed"
    case runRetried = "run.retried"
    case runDiscarded = "run.discarded"
    case runSkipped = "run.skipped"
    case jobInvalid = "job.invalid"

    /// How loud an event of this name is.
    public var level: ClusterEvent.Level {
        switch self {
        case .workClaimed, .runCompleted, .runRetried: .debug
        case .nodeLost, .leaderLost, .tenantLost, .tenantFenced, .tenantFailed, .tenantUnassigned, .discoveryFailed,
            .discoverySuspicious, .redisLost, .redisForgot, .topicUnhandled, .watchdogOverdue, .watchdogStuck,
            .watchdogUnowned, .jobInvalid:
            .warning
        case .nodeJoined, .nodeLeft, .nodeDraining, .leaderElected, .leaderResigned, .tenantDiscovered, .tenantRemoved,
            .tenantChanged, .tenantAssigned, .tenantAcquired, .tenantOpened, .tenantReleased, .tenantDrained,
            .tenantRecovered, .handoverCompleted, .takeoverCompleted, .rebalancePlanned, .discoveryCompleted,
            .redisRestored, .runDiscarded, .runSkipped:
            .info
        }
    }
}
