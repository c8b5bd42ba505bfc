/// Work that failed for good.
public struct DeadLetter: Sendable, Hashable {
    /// Its identity, which it keeps when it is tried again.
    public let id: WorkID
    /// What kind of thing it was.
    public let kind: WorkKind
    /// Its topic.
    public let topic: String
    /// JSON text.
    public let payload: String
    /// When it failed for good.
    public let failedAt: ServerTime
    /// Why, in a word.
    public let reason: String?
    /// The last error.
    public let error: String?
    /// What went wrong in each attempt, the oldest first: the first and the newest of them.
    public let errors: [AttemptError]
    /// Who ran it last.
    public let node: String?
    /// The epoch under which it was claimed.
    public let epoch: Epoch?
    /// When it became due.
    public let dueAt: ServerTime
    /// Attempts made.
    public let attempts: Int
    /// Attempts that there might have been in all.
    public let maxAttempts: Int
    /// Crashes of processes that had claimed it alone.
    public let crashes: Int
    /// The job that it is an occurrence of.
    public let jobName: String?
    /// The instant that the occurrence was scheduled for.
    public let scheduledFor: ServerTime?
    /// Its unique key, if it has one.
    public let uniqueKey: String?
    /// Its ordering key, if it has one.
    public let orderingKey: String?
    /// What belongs together.
    public let correlationID: String?
    /// When it was added.
    public let createdAt: ServerTime
}

/// Who changed what in a tenant's schema.
public struct Change: Sendable, Hashable {
    /// When.
    public let at: ServerTime
    /// The database role.
    public let role: String
    /// The program, as it named itself to the database.
    public let program: String?
    /// What happened, such as `job.put` or `dead_letters.retried`.
    public let what: String
    /// The job's name or the dead letter's ID, where it was one.
    public let name: String?
    /// How many rows, where it was a change of dead letters.
    public let count: Int?
    /// What they were chosen by: JSON text.
    public let detail: String?
}
