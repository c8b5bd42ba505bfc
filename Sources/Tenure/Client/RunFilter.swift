/// Which part of a tenant's history is wanted; everything unless something is set.
public struct RunFilter: Sendable, Hashable {
    /// All attempts of one run.
    public var id: WorkID?
    /// Any of these states; empty for all.
    public var states: [String] = []
    /// The occurrences of one job.
    public var job: String?
    /// Any of these kinds; empty for all.
    public var kinds: [WorkKind] = []
    /// What ended before this instant: for the next page, the end of the last one of this page.
    public var before: ServerTime?

    /// Everything.
    public init() {}
}
