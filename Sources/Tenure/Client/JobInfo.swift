/// A recurring job as it stands.
public struct JobInfo: Sendable, Hashable {
    /// Name, topic, schedule, misfire policy, window, and where it stands.
    public var definition: JobDefinition
    /// JSON text.
    public var payload: String
    /// −9 (last) to 9 (first).
    public var priority: Int
    /// Attempts and delays.
    public var retry: RetryPolicy
    /// The longest that one attempt may take; `nil` for the node's default.
    public var timeoutMilliseconds: Int64?
    /// `allow`, `skip`, `queue`, `queue-one` or `cancel-running`.
    public var overlap: String
    /// How many occurrences may wait behind the first, with `queue`.
    public var overlapBound: Int
    /// What it is for.
    public var description: String?
    /// In ascending order.
    public var tags: [String]
    /// Each run is put off by a time up to this that its job's name and its instant determine.
    public var jitterMilliseconds: Int64
    /// `first-valid-instant`, `skip` or `shift`.
    public var daylightGap: String
    /// `automatic`, `first`, `second` or `both`.
    public var daylightOverlap: String
    /// What limits that count by key count its runs by.
    public var limitKey: String?
    /// When it was first put.
    public var createdAt: ServerTime
    /// When it was last changed.
    public var updatedAt: ServerTime

    /// Describes a job.
    package init(
        definition: JobDefinition,
        payload: String,
        priority: Int,
        retry: RetryPolicy,
        timeoutMilliseconds: Int64?,
        overlap: String,
        overlapBound: Int,
        description: String?,
        tags: [String],
        jitterMilliseconds: Int64,
        daylightGap: String,
        daylightOverlap: String,
        limitKey: String? = nil,
        createdAt: ServerTime,
        updatedAt: ServerTime
    ) {
        self.definition = definition
        self.payload = payload
        self.priority = priority
        self.retry = retry
        self.timeoutMilliseconds = timeoutMilliseconds
        self.overlap = overlap
        self.overlapBound = overlapBound
        self.description = description
        self.tags = tags
        self.jitterMilliseconds = jitterMilliseconds
        self.daylightGap = daylightGap
        self.daylightOverlap = daylightOverlap
        self.limitKey = limitKey
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}
