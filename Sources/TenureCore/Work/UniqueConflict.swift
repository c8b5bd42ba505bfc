/// What happens when the unique key of new work is taken.
public enum UniqueConflict: String, Sendable, Hashable, CaseIterable {
    /// Nothing is added; the ID of the present work is returned. The default.
    case ignore
    /// Work that waits is cancelled, and the new work takes its place. What runs or has ended is left alone, and counts
    /// as under ``ignore``.
    case replace
    /// The call is refused.
    case error
}

/// Which work takes a unique key.
public enum UniqueStates: String, Sendable, Hashable, CaseIterable {
    /// What waits to run, also for a further attempt; while it runs, the next one may be added.
    case waiting
    /// What waits or runs. The default.
    case live
}
