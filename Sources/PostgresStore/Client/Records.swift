package import TenureCore

/// A recurring job as people look at it.
package struct JobRecord: Sendable, Hashable {
    package var definition: JobDefinition
    /// JSON text.
    package var payload: String
    package var priority: Int
    package var retry: RetryPolicy
    package var timeoutMilliseconds: Int64?
    /// `allow`, `skip`, `queue`, `queue-one` or `cancel-running`.
    package var overlap: String
    /// How many occurrences may wait behind the first, with `queue`.
    package var overlapBound: Int
    package var description: String?
    /// In ascending order.
    package var tags: [String]
    package var jitterMilliseconds: Int64
    package var daylightGap: String
    package var daylightOverlap: String
    package var limitKey: String?
    package var createdAt: ServerTime
    package var updatedAt: ServerTime
}

/// A calendar with the names of the jobs that use it.
package struct CalendarRecord: Sendable, Hashable {
    package var definition: JobCalendar
    package var revision: Int64
    package var createdAt: ServerTime
    package var updatedAt: ServerTime
    package var jobs: [String]
}

/// Something that is still to be done, or running.
package struct WorkRecord: Sendable, Hashable {
    package var id: WorkID
    package var kind: WorkKind
    package var topic: String
    /// JSON text.
    package var payload: String
    package var dueAt: ServerTime
    package var priority: Int
    package var attempts: Int
    package var maxAttempts: Int
    package var jobName: String?
    package var scheduledFor: ServerTime?
    package var uniqueKey: String?
    package var orderingKey: String?
    package var correlationID: String?
    package var isSuspect: Bool
    package var crashes: Int
    package var createdAt: ServerTime
    /// `scheduled`, `available`, `retryable` or `running`.
    package var state: String
    /// Who runs it.
    package var node: String?
    package var epoch: Epoch?
    package var claimedAt: ServerTime?
    package var limitKey: String?
}

/// One attempt that ended, or an occurrence that did not run.
package struct RunRecord: Sendable, Hashable {
    package var id: WorkID
    package var attempt: Int
    package var kind: WorkKind
    package var topic: String
    package var jobName: String?
    package var scheduledFor: ServerTime?
    package var dueAt: ServerTime?
    package var node: String?
    package var epoch: Epoch?
    package var startedAt: ServerTime?
    package var finishedAt: ServerTime
    /// `completed`, `retryable`, `discarded`, `cancelled`, `interrupted`, `crashed` or `skipped`.
    package var state: String
    package var reason: String?
    package var error: String?
    package var correlationID: String?
    /// What the attempt returned, and how far it said last that it was; JSON text.
    package var output: String?
    package var progress: String?
}

/// A run in progress.
package struct RunningRecord: Sendable, Hashable {
    package var id: WorkID
    package var attempt: Int
    package var kind: WorkKind
    package var topic: String
    package var jobName: String?
    package var scheduledFor: ServerTime?
    package var dueAt: ServerTime
    package var node: String
    package var incarnation: Incarnation
    package var epoch: Epoch
    package var claimedAt: ServerTime
    /// How far it said last that it is; JSON text.
    package var progress: String?
}

/// Work that failed for good.
package struct DeadLetterRecord: Sendable, Hashable {
    package var id: WorkID
    package var kind: WorkKind
    package var topic: String
    /// JSON text.
    package var payload: String
    package var failedAt: ServerTime
    package var reason: String?
    package var error: String?
    package var node: String?
    package var epoch: Epoch?
    package var dueAt: ServerTime
    package var attempts: Int
    package var maxAttempts: Int
    package var crashes: Int
    package var jobName: String?
    package var scheduledFor: ServerTime?
    package var uniqueKey: String?
    package var orderingKey: String?
    package var correlationID: String?
    package var createdAt: ServerTime
    /// The first and the newest.
    package var errors: [AttemptError]
}

/// What a user changed.
package struct ChangeRecord: Sendable, Hashable {
    package var at: ServerTime
    package var role: String
    package var program: String?
    package var what: String
    package var name: String?
    package var count: Int?
    /// JSON text.
    package var detail: String?
}

/// A message that was received.
package struct InboxRecord: Sendable, Hashable {
    package var source: String
    package var messageID: String
    package var id: WorkID
    package var receivedAt: ServerTime
}

/// Where a tenant stands.
package struct TenantSummary: Sendable, Hashable {
    package var epoch: Epoch
    /// The present owner; empty if there has been none.
    package var node: String
    package var incarnation: Incarnation
    package var since: ServerTime
    package var serverTime: ServerTime
    /// Rows still to be done, running ones included, and how many of them are due.
    package var pending: Int
    package var due: Int
    package var earliestDue: ServerTime?
    package var running: Int
    package var deadLetters: Int
    /// Runs in the history, and how many of them ever had each state.
    package var ended: Int
    package var completed: Int
    package var completedTwice: Int
    package var discarded: Int
    package var skipped: Int
    package var crashed: Int
}
