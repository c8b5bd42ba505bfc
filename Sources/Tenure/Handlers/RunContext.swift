public import Logging

/// What a handler knows about the attempt that it makes.
public struct RunContext: Sendable {
    /// Whose work it is.
    public let tenant: TenantID
    /// The identity of the run, constant over attempts.
    public let runID: WorkID
    /// What kind of thing is due.
    public let kind: WorkKind
    /// The topic.
    public let topic: String
    /// The number of this attempt, from 1.
    public let attempt: Int
    /// The attempts that there may be in all.
    public let maxAttempts: Int
    /// The epoch under which the run was claimed.
    public let epoch: Epoch
    /// The job that this is an occurrence of, and the instant that it was scheduled for.
    public let jobName: String?
    public let scheduledFor: ServerTime?
    /// When it became due, by the tenant's Postgres.
    public let dueAt: ServerTime
    /// When the attempt's time is over; its task is cancelled then.
    public let deadline: ContinuousClock.Instant
    /// The same for every attempt of this run, and for no other run of any tenant: give it to systems outside Postgres
    /// so that they can tell a repetition.
    public let idempotencyKey: String
    /// What belongs together, if the enqueuer said so.
    public let correlationID: String?
    /// W3C trace context, if the enqueuer gave one.
    public let traceContext: String?
    /// Carries tenant, run and attempt as metadata.
    public let logger: Logger
    /// Takes what the attempt says about itself.
    var reporter = RunReporter()
}
