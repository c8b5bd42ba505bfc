/// When new work is due, by the tenant's Postgres.
public enum WorkDue: Sendable, Hashable {
    /// As soon as possible.
    case now
    /// After a delay.
    case after(Duration)
    /// At an instant; one that has passed means now.
    case at(ServerTime)
}

/// What the enqueuer of work may say besides its topic, payload and instant.
public struct WorkOptions: Sendable, Hashable {
    /// While work with this key is to be done or running, another is not added: its ID is returned. A call whose
    /// outcome is unknown can be repeated without harm when it has one.
    public var uniqueKey: String?
    /// What happens when the unique key is taken. Default: nothing is added.
    public var onConflict = UniqueConflict.ignore
    /// Which work takes the unique key. Default: what waits or runs.
    public var uniqueStates = UniqueStates.live
    /// The unique key is taken for at least so long after the enqueuing, whatever becomes of the work.
    public var uniqueFor: Duration?
    /// Work of one key runs in the order of enqueuing, one at a time.
    public var orderingKey: String?
    /// What limits that count by key count by.
    public var limitKey: String?
    /// −9 (last) to 9 (first). Default 0.
    public var priority: Int = 0
    /// Attempts and delays. Default: 5 attempts, 250 ms to 60 s.
    public var retry = RetryPolicy()
    /// The longest that one attempt may take. Default: the node's `runs.default_timeout`.
    public var timeout: Duration?
    /// What belongs together.
    public var correlationID: String?
    /// W3C trace context.
    public var traceContext: String?

    /// All defaults.
    public init() {}

    /// Options with a unique key.
    public init(uniqueKey: String) {
        self.uniqueKey = uniqueKey
    }

    /// Options with an ordering key.
    public init(orderingKey: String) {
        self.orderingKey = orderingKey
    }
}
