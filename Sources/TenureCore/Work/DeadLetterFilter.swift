/// Which dead letters are meant: those that fit all of what is set; all unless something is.
public struct DeadLetterFilter: Sendable, Hashable {
    /// A topic, or a prefix followed by `*`.
    public var topic: String?
    /// The occurrences of one job.
    public var job: String?
    /// Why they failed for good: `attempts exhausted`, `permanent` or `crash_limit`.
    public var reason: String?
    /// What failed at this instant or later.
    public var failedAfter: ServerTime?
    /// What failed before this instant.
    public var failedBefore: ServerTime?

    /// All.
    public init() {}
}

/// What a change of many dead letters did, or would do.
public struct DeadLetterChange: Sendable, Hashable {
    /// How many fit.
    public let matching: Int
    /// How many of them went: back to work, or for good.
    public let changed: Int
    /// How many of those that were tried stay, because other work has their unique key or is their occurrence.
    public let kept: Int

    /// Describes a change.
    package init(matching: Int, changed: Int, kept: Int = 0) {
        self.matching = matching
        self.changed = changed
        self.kept = kept
    }
}
