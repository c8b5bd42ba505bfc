/// Something that is still to be done, or running.
public struct WorkInfo: Sendable, Hashable {
    /// Its identity, which is also that of its run.
    public var id: WorkID
    /// What kind of thing it is.
    public var kind: WorkKind
    /// Its topic.
    public var topic: String
    /// JSON text.
    public var payload: String
    /// When it is due, or was.
    public var dueAt: ServerTime
    /// −9 (last) to 9 (first).
    public var priority: Int
    /// Attempts that have ended so far.
    public var attempts: Int
    /// Attempts that there may be in all.
    public var maxAttempts: Int
    /// The job that this is an occurrence of.
    public var jobName: String?
    /// The instant that the occurrence was scheduled for.
    public var scheduledFor: ServerTime?
    /// Its unique key, if it has one.
    public var uniqueKey: String?
    /// Its ordering key, if it has one.
    public var orderingKey: String?
    /// What limits that count by key count by.
    public var limitKey: String?
    /// What belongs together.
    public var correlationID: String?
    /// Left over from a crash: it is claimed alone.
    public var isSuspect: Bool
    /// Crashes of processes that had claimed it alone.
    public var crashes: Int
    /// When it was added.
    public var createdAt: ServerTime
    /// `scheduled`, `available`, `retryable` or `running`.
    public var state: String
    /// Who runs it, while it runs.
    public var node: String?
    /// The epoch under which it was claimed.
    public var epoch: Epoch?
    /// When it was claimed.
    public var claimedAt: ServerTime?

    /// Describes work that nobody runs.
    package init(
        id: WorkID,
        kind: WorkKind,
        topic: String,
        payload: String,
        dueAt: ServerTime,
        options: WorkOptions,
        jobName: String? = nil,
        createdAt: ServerTime,
        state: String
    ) {
        self.id = id
        self.kind = kind
        self.topic = topic
        self.payload = payload
        self.dueAt = dueAt
        self.priority = options.priority
        self.attempts = 0
        self.maxAttempts = options.retry.maxAttempts
        self.jobName = jobName
        self.uniqueKey = options.uniqueKey
        self.orderingKey = options.orderingKey
        self.limitKey = options.limitKey
        self.correlationID = options.correlationID
        self.isSuspect = false
        self.crashes = 0
        self.createdAt = createdAt
        self.state = state
    }
}
