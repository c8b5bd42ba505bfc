package import TenureCore

/// Everything that a tenant's schema holds, as values that can be compared: for tests of stores.
package struct TenantContents: Sendable, Equatable {
    /// The present owner.
    package struct Fence: Sendable, Equatable {
        package var epoch: Epoch = .none
        /// `nil` before the first owner.
        package var holder: Holder?

        package init(epoch: Epoch = .none, holder: Holder? = nil) {
            self.epoch = epoch
            self.holder = holder
        }
    }

    /// Something that is still to do, or running.
    package struct Work: Sendable, Equatable {
        package var item: WorkItem
        package var uniqueKey: String?
        /// How long after it first became due attempts begin.
        package var retryFor: Duration?

        /// What went wrong so far.
        package var errors: [AttemptError]

        package init(
            item: WorkItem,
            uniqueKey: String?,
            retryFor: Duration? = nil,
            errors: [AttemptError] = []
        ) {
            self.item = item
            self.uniqueKey = uniqueKey
            self.retryFor = retryFor
            self.errors = errors
        }

        /// Keeps the limit of time beside the item: owners are told only when it ends.
        init(_ item: WorkItem, uniqueKey: String?, now: ServerTime) {
            self.init(item: item, uniqueKey: uniqueKey, retryFor: item.retry.retryFor)
            self.item.retry.retryFor = nil
            self.item.retryUntil = self.retryFor.map { max(item.dueAt, now).advanced(by: $0) }
        }
    }

    /// What entitles one incarnation to settle a set of IDs.
    package struct Claim: Sendable, Equatable {
        package var batch: BatchID
        package var holder: Holder
        package var epoch: Epoch
        package var claimedAt: ServerTime
        /// Set by a later owner: until then the claimant may go on.
        package var lentUntil: ServerTime?
        package var isLone: Bool
        /// Ascending.
        package var ids: [WorkID]
        /// Ordering keys among the IDs, ascending.
        package var keys: [String]

        package init(
            batch: BatchID,
            holder: Holder,
            epoch: Epoch,
            claimedAt: ServerTime,
            lentUntil: ServerTime? = nil,
            isLone: Bool,
            ids: [WorkID],
            keys: [String]
        ) {
            self.batch = batch
            self.holder = holder
            self.epoch = epoch
            self.claimedAt = claimedAt
            self.lentUntil = lentUntil
            self.isLone = isLone
            self.ids = ids
            self.keys = keys
        }
    }

    /// Dates on which jobs do not run.
    package struct Calendar: Sendable, Equatable {
        package var definition: JobCalendar
        /// Grows with each change.
        package var revision: Int64

        package init(definition: JobCalendar, revision: Int64) {
            self.definition = definition
            self.revision = revision
        }
    }

    /// A recurring job with what its occurrences inherit.
    package struct Job: Sendable, Equatable {
        package var definition: JobDefinition
        /// As it was put.
        package var request: NewJob

        package init(definition: JobDefinition, request: NewJob) {
            self.definition = definition
            self.request = request
        }
    }

    /// One attempt that ended, or an occurrence that did not run.
    package struct Run: Sendable, Equatable {
        package var id: WorkID
        /// From 1; 0 for what never started.
        package var attempt: Int
        /// `completed`, `retryable`, `discarded`, `cancelled`, `interrupted`, `crashed` or `skipped`.
        package var state: String
        package var reason: String?
        package var error: String?
        package var epoch: Epoch?
        package var node: String?
        package var kind: WorkKind
        package var topic: String
        package var jobName: String?
        package var scheduledFor: ServerTime?
        package var dueAt: ServerTime?
        package var startedAt: ServerTime?
        package var finishedAt: ServerTime
        package var correlationID: String?
        /// What it returned, and how far it said last that it was.
        package var report = RunReport()

        package init(
            id: WorkID,
            attempt: Int,
            state: String,
            reason: String? = nil,
            error: String? = nil,
            epoch: Epoch? = nil,
            node: String? = nil,
            kind: WorkKind,
            topic: String,
            jobName: String? = nil,
            scheduledFor: ServerTime? = nil,
            dueAt: ServerTime? = nil,
            startedAt: ServerTime? = nil,
            finishedAt: ServerTime,
            correlationID: String? = nil,
            report: RunReport = RunReport()
        ) {
            self.report = report
            self.id = id
            self.attempt = attempt
            self.state = state
            self.reason = reason
            self.error = error
            self.epoch = epoch
            self.node = node
            self.kind = kind
            self.topic = topic
            self.jobName = jobName
            self.scheduledFor = scheduledFor
            self.dueAt = dueAt
            self.startedAt = startedAt
            self.finishedAt = finishedAt
            self.correlationID = correlationID
        }
    }

    /// Work that failed for good.
    package struct DeadLetter: Sendable, Equatable {
        /// The row as it was, with the attempts and crashes that were counted in the end.
        package var work: Work
        package var reason: String?
        package var error: String?
        package var node: String?
        package var epoch: Epoch?
        package var failedAt: ServerTime

        package init(
            work: Work,
            reason: String?,
            error: String?,
            node: String?,
            epoch: Epoch?,
            failedAt: ServerTime
        ) {
            self.work = work
            self.reason = reason
            self.error = error
            self.node = node
            self.epoch = epoch
            self.failedAt = failedAt
        }
    }

    /// A message that was received.
    package struct Message: Sendable, Equatable {
        package var source: String
        package var messageID: String
        package var id: WorkID
        package var receivedAt: ServerTime

        package init(source: String, messageID: String, id: WorkID, receivedAt: ServerTime) {
            self.source = source
            self.messageID = messageID
            self.id = id
            self.receivedAt = receivedAt
        }
    }

    /// How far a run that has not ended says that it is.
    package struct Progress: Sendable, Equatable {
        package var id: WorkID
        /// JSON text.
        package var progress: String

        package init(id: WorkID, progress: String) {
            self.id = id
            self.progress = progress
        }
    }

    package var fence = Fence()
    /// By ID.
    package var work: [Work] = []
    /// By batch.
    package var claims: [Claim] = []
    /// Runs in progress that a user or the next occurrence cancelled, ascending.
    package var cancellations: [WorkID] = []
    /// By name.
    package var calendars: [Calendar] = []
    /// Those that are not deleted, by name.
    package var jobs: [Job] = []
    /// By ID, then by attempt, then in the order in which they ended.
    package var runs: [Run] = []
    /// By ID.
    package var deadLetters: [DeadLetter] = []
    /// How far runs that have not ended say that they are, by ID.
    package var progress: [Progress] = []
    /// By source, then by message ID.
    package var messages: [Message] = []

    /// Empty contents.
    package init() {}
}
