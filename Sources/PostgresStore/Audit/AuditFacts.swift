package import TenureCore

/// Where a tenant stood at one instant: what an audit begins with.
package struct TenantStanding: Sendable, Hashable {
    /// Work that could start and that nobody has claimed.
    package struct Waiting: Sendable, Hashable {
        package var id: WorkID
        package var dueAt: ServerTime

        /// Describes it.
        package init(id: WorkID, dueAt: ServerTime) {
            self.id = id
            self.dueAt = dueAt
        }
    }

    /// The tenant's Postgres, when this was read.
    package var now: ServerTime
    /// The installed epoch; 0 when there has been no owner.
    package var epoch: Epoch
    package var node: String
    package var incarnation: Incarnation
    package var since: ServerTime
    /// Until when the owner sleeps; in the distant past while it is awake.
    package var sleepUntil: ServerTime
    /// What has waited longest.
    package var waiting: Waiting?
    /// Since when the history is complete; `nil` when it has no partition.
    package var historyFrom: ServerTime?

    /// Describes where a tenant stands.
    package init(
        now: ServerTime,
        epoch: Epoch,
        node: String,
        incarnation: Incarnation,
        since: ServerTime,
        sleepUntil: ServerTime,
        waiting: Waiting? = nil,
        historyFrom: ServerTime? = nil
    ) {
        self.now = now
        self.epoch = epoch
        self.node = node
        self.incarnation = incarnation
        self.since = since
        self.sleepUntil = sleepUntil
        self.waiting = waiting
        self.historyFrom = historyFrom
    }
}

/// A claim that stands, and what there is of the work that it names.
package struct ClaimFacts: Sendable, Hashable {
    package var batch: String
    package var node: String
    package var incarnation: Incarnation
    package var epoch: Epoch
    package var claimedAt: ServerTime
    /// Until when a later owner lets the claimant go on, once there is one.
    package var lentUntil: ServerTime?
    package var ids: [Int64]
    /// The ordering keys that it says it holds.
    package var keys: [String]
    /// The ordering keys of the work that it names.
    package var keysOfWork: [String]
    /// IDs that are no work.
    package var missing: [Int64]

    /// Describes a claim.
    package init(
        batch: String,
        node: String,
        incarnation: Incarnation,
        epoch: Epoch,
        claimedAt: ServerTime,
        lentUntil: ServerTime? = nil,
        ids: [Int64],
        keys: [String] = [],
        keysOfWork: [String] = [],
        missing: [Int64] = []
    ) {
        self.batch = batch
        self.node = node
        self.incarnation = incarnation
        self.epoch = epoch
        self.claimedAt = claimedAt
        self.lentUntil = lentUntil
        self.ids = ids
        self.keys = keys
        self.keysOfWork = keysOfWork
        self.missing = missing
    }
}

/// What the history holds of one epoch.
package struct EpochFacts: Sendable, Hashable {
    package var epoch: Epoch
    package var rows: Int
    /// The first and the last of its nodes by name; the same where there is one.
    package var firstNode: String?
    package var lastNode: String?
    /// When runs under it were started.
    package var started: ClosedRange<ServerTime>?
    /// When occurrences were skipped under it, by the server's clock.
    package var skipped: ClosedRange<ServerTime>?

    /// Describes an epoch.
    package init(
        epoch: Epoch,
        rows: Int,
        firstNode: String? = nil,
        lastNode: String? = nil,
        started: ClosedRange<ServerTime>? = nil,
        skipped: ClosedRange<ServerTime>? = nil
    ) {
        self.epoch = epoch
        self.rows = rows
        self.firstNode = firstNode
        self.lastNode = lastNode
        self.started = started
        self.skipped = skipped
    }
}

/// What is recorded of an occurrence: work, a row in the history, or a dead letter.
package struct RecordedOccurrence: Sendable, Hashable {
    /// The instant that it was scheduled for, in microseconds since 1970.
    package var instant: Int64
    /// The lowest ID that was given to it.
    package var id: Int64
    /// Whether it did not run, and stands for all earlier ones that were due with it.
    package var standsForEarlier: Bool

    /// Describes a record.
    package init(instant: Int64, id: Int64, standsForEarlier: Bool = false) {
        self.instant = instant
        self.id = id
        self.standsForEarlier = standsForEarlier
    }
}

/// What can be looked for in one statement, whose rows are what is wrong.
package enum AuditQuery: Sendable, Hashable, CaseIterable {
    case controlRows
    case completedTwice
    case occurrenceTwice
    case endedAndToDo
    case deadAndToDo
    case deadEpochs
    case partitions
    case indexes

    var statement: Statement {
        switch self {
        case .controlRows: Statements.auditControlRows
        case .completedTwice: Statements.auditCompletedTwice
        case .occurrenceTwice: Statements.auditOccurrenceTwice
        case .endedAndToDo: Statements.auditEndedAndToDo
        case .deadAndToDo: Statements.auditDeadAndToDo
        case .deadEpochs: Statements.auditDeadEpochs
        case .partitions: Statements.auditPartitions
        case .indexes: Statements.auditIndexes
        }
    }
}
