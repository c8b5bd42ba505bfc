/// The identity of one due thing and of its run, constant over attempts.
public struct WorkID: Hashable, Sendable, Comparable, Codable, CustomStringConvertible {
    /// The number that the tenant's database gave it.
    public let value: Int64

    /// Wraps a number read from a tenant's database.
    public init(_ value: Int64) {
        self.value = value
    }

    /// Decodes a plain number.
    public init(from decoder: any Decoder) throws {
        self.value = try decoder.singleValueContainer().decode(Int64.self)
    }

    /// Encodes a plain number.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.value)
    }

    /// The number as text.
    public var description: String { String(self.value) }

    /// Orders by age.
    public static func < (lhs: WorkID, rhs: WorkID) -> Bool { lhs.value < rhs.value }
}

/// What kind of thing is due.
public enum WorkKind: String, Sendable, Hashable, Codable, CaseIterable {
    /// An occurrence of a recurring job.
    case job
    /// One-shot work at an instant.
    case timer
    /// A message to deliver.
    case outbox
    /// A message that was received.
    case inbox
}

/// When and how often failed work is tried again: exponential backoff between two bounds, unless it says otherwise.
public struct RetryPolicy: Sendable, Hashable, Codable {
    /// Attempts in all, the first included. Default 5.
    public var maxAttempts: Int
    /// The delay after the first failure; it doubles with each further one. Default 250 ms.
    public var baseDelayMilliseconds: Int64
    /// The longest delay. Default 60 s.
    public var maxDelayMilliseconds: Int64
    /// Other delays than the exponential backoff between those bounds, of which half is random.
    public var delays: RetryDelays?
    /// No attempt begins later than this after the work became due for the first time. Default: no such limit.
    public var retryFor: Duration?

    /// A policy; the defaults are those of the tenant's schema.
    public init(maxAttempts: Int = 5, baseDelayMilliseconds: Int64 = 250, maxDelayMilliseconds: Int64 = 60_000) {
        self.maxAttempts = maxAttempts
        self.baseDelayMilliseconds = baseDelayMilliseconds
        self.maxDelayMilliseconds = maxDelayMilliseconds
    }

    /// The delay after a number of failed attempts, from 1. The same seed gives the same delays.
    package func delay(after failures: Int, seed: UInt64) -> Duration {
        let delays =
            self.delays
            ?? .exponential(
                .milliseconds(self.baseDelayMilliseconds),
                max: .milliseconds(max(self.baseDelayMilliseconds, self.maxDelayMilliseconds))
            )
        return delays.delay(after: failures, seed: seed)
    }
}

/// One row of the `work` table: something that is still to do.
public struct WorkItem: Sendable, Hashable {
    public var id: WorkID
    public var kind: WorkKind
    public var topic: String
    /// JSON text.
    public var payload: String
    public var dueAt: ServerTime
    /// Higher comes first.
    public var priority: Int
    /// Attempts that have ended so far.
    public var attempts: Int
    public var retry: RetryPolicy
    /// The longest that one attempt may take; `nil` for the node's default.
    public var timeoutMilliseconds: Int64?
    /// Work of one key runs in order, one at a time.
    public var orderingKey: String?
    /// The recurring job and the scheduled instant that this is an occurrence of.
    public var jobName: String?
    public var scheduledFor: ServerTime?
    public var correlationID: String?
    /// W3C trace context.
    public var traceContext: String?
    /// What limits that count by key count by.
    public var limitKey: String?
    /// No further attempt begins later.
    public var retryUntil: ServerTime?
    /// Left over from a crash: to be claimed alone.
    public var isSuspect: Bool
    /// Crashes of processes that had claimed it alone.
    public var crashes: Int

    /// A row with the defaults of the tenant's schema.
    public init(
        id: WorkID,
        kind: WorkKind,
        topic: String,
        payload: String = "null",
        dueAt: ServerTime,
        priority: Int = 0,
        attempts: Int = 0,
        retry: RetryPolicy = RetryPolicy(),
        timeoutMilliseconds: Int64? = nil,
        orderingKey: String? = nil,
        jobName: String? = nil,
        scheduledFor: ServerTime? = nil,
        correlationID: String? = nil,
        traceContext: String? = nil,
        limitKey: String? = nil,
        retryUntil: ServerTime? = nil,
        isSuspect: Bool = false,
        crashes: Int = 0
    ) {
        self.id = id
        self.kind = kind
        self.topic = topic
        self.payload = payload
        self.dueAt = dueAt
        self.priority = priority
        self.attempts = attempts
        self.retry = retry
        self.timeoutMilliseconds = timeoutMilliseconds
        self.orderingKey = orderingKey
        self.jobName = jobName
        self.scheduledFor = scheduledFor
        self.correlationID = correlationID
        self.traceContext = traceContext
        self.limitKey = limitKey
        self.retryUntil = retryUntil
        self.isSuspect = isSuspect
        self.crashes = crashes
    }
}
