/// What an audit looks for. The names are a contract: the command line and scripts know them.
public enum AuditCheck: String, Sendable, Hashable, CaseIterable {
    // Ownership.
    /// The lock in Redis and the fence in Postgres name different holders for one epoch.
    case twoOwners = "two_owners"
    /// The lock and the fence have different epochs, and stay so.
    case lockAndFence = "lock_and_fence"
    /// A tenant has no owner, and stays so.
    case unowned
    /// One epoch was used by two nodes.
    case epochOfTwoNodes = "epoch_of_two_nodes"
    /// Something was written under an epoch that was never installed.
    case epochAboveFence = "epoch_above_fence"
    /// Something was begun under an epoch after a later one was in use.
    case epochOrder = "epoch_order"

    // Runs and occurrences.
    /// A run completed more than once.
    case completedTwice = "completed_twice"
    /// An occurrence was made into work more than once.
    case occurrenceTwice = "occurrence_twice"
    /// An occurrence that the schedule has come to left neither work, nor history, nor a dead letter.
    case occurrenceMissing = "occurrence_missing"
    /// An occurrence is due, its tenant has an owner, and it is not made into work.
    case occurrenceOverdue = "occurrence_overdue"
    /// An occurrence is recorded at an instant that the schedule does not have.
    case occurrenceOffSchedule = "occurrence_off_schedule"
    /// An occurrence is recorded that the schedule has not come to: its place went back.
    case occurrenceAhead = "occurrence_ahead"
    /// Work completed, and is still to do or among the dead letters.
    case endedAndToDo = "ended_and_to_do"
    /// A dead letter is also work.
    case deadAndToDo = "dead_and_to_do"
    /// Work has been due for long, could start, and its owner sleeps.
    case asleep

    // Claims.
    /// A claim of a registration that is gone, or whose lending is over, is not revoked.
    case claimStale = "claim_stale"
    /// Two claims name the same work, or hold the same ordering key.
    case claimedTwice = "claimed_twice"
    /// A claim names what is no work.
    case claimOfNothing = "claim_of_nothing"
    /// A claim does not hold just the ordering keys of its work.
    case claimKeys = "claim_keys"

    // The schema.
    /// The fence or the wake-up table has not exactly one row.
    case controlRows = "control_rows"
    /// The history has no partition for today or tomorrow.
    case partitionMissing = "partition_missing"
    /// An index is missing or invalid.
    case indexMissing = "index_missing"
    /// The schema is not there, or not what this version would make of it.
    case schema
    /// A tenant, or a part of it, could not be looked at.
    case unread

    /// What it means that this was found, for people.
    public var title: String {
        switch self {
        case .twoOwners: "lock and fence name two owners for one epoch"
        case .lockAndFence: "lock and fence have different epochs"
        case .unowned: "no owner"
        case .epochOfTwoNodes: "one epoch was used by two nodes"
        case .epochAboveFence: "an epoch was used that was never installed"
        case .epochOrder: "an earlier epoch was used after a later one"
        case .completedTwice: "runs that completed more than once"
        case .occurrenceTwice: "occurrences that became work more than once"
        case .occurrenceMissing: "occurrences of which nothing is recorded"
        case .occurrenceOverdue: "occurrences that are due and not made into work"
        case .occurrenceOffSchedule: "occurrences that the schedule does not have"
        case .occurrenceAhead: "occurrences that the schedule has not come to"
        case .endedAndToDo: "work that completed and is still there"
        case .deadAndToDo: "dead letters that are also work"
        case .asleep: "work is due and its owner sleeps"
        case .claimStale: "claims of nobody"
        case .claimedTwice: "work or ordering keys in two claims"
        case .claimOfNothing: "claims of what is no work"
        case .claimKeys: "claims with other ordering keys than those of their work"
        case .controlRows: "the fence or the wake-up table has not exactly one row"
        case .partitionMissing: "partitions of the history are missing"
        case .indexMissing: "indexes are missing or invalid"
        case .schema: "the schema is not as it should be"
        case .unread: "not everything could be looked at"
        }
    }
}
