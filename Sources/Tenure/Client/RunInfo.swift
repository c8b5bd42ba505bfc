/// A run in progress.
public struct RunningInfo: Sendable, Hashable {
    /// The run.
    public let id: WorkID
    /// The number of the attempt, from 1.
    public let attempt: Int
    /// What kind of thing it is.
    public let kind: WorkKind
    /// Its topic.
    public let topic: String
    /// The job and the scheduled instant that this is an occurrence of.
    public let jobName: String?
    public let scheduledFor: ServerTime?
    /// When it became due.
    public let dueAt: ServerTime
    /// Who runs it.
    public let node: String
    public let incarnation: Incarnation
    /// The epoch under which it was claimed, and when.
    public let epoch: Epoch
    public let claimedAt: ServerTime
}

/// One attempt that ended, or an occurrence that did not run.
public struct RunInfo: Sendable, Hashable {
    /// The run.
    public let id: WorkID
    /// The number of the attempt, from 1; 0 for an occurrence that did not run.
    public let attempt: Int
    /// What kind of thing it was.
    public let kind: WorkKind
    /// Its topic.
    public let topic: String
    /// The job and the scheduled instant that this was an occurrence of.
    public let jobName: String?
    public let scheduledFor: ServerTime?
    /// When it became due.
    public let dueAt: ServerTime?
    /// Who ran it, and under which epoch.
    public let node: String?
    public let epoch: Epoch?
    /// When the attempt began and ended.
    public let startedAt: ServerTime?
    public let finishedAt: ServerTime
    /// `completed`, `retryable`, `discarded`, `cancelled`, `interrupted`, `crashed` or `skipped`.
    public let state: String
    /// Why, e.g. `misfire` or `overlap` for an occurrence that did not run.
    public let reason: String?
    /// What went wrong.
    public let error: String?
    /// What belongs together.
    public let correlationID: String?
}

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
    /// Who ran it last, and under which epoch.
    public let node: String?
    public let epoch: Epoch?
    /// When it became due.
    public let dueAt: ServerTime
    /// Attempts made, and those that there might have been.
    public let attempts: Int
    public let maxAttempts: Int
    /// Crashes of processes that had claimed it alone.
    public let crashes: Int
    /// The job and the scheduled instant that it is an occurrence of.
    public let jobName: String?
    public let scheduledFor: ServerTime?
    /// Its unique key, its ordering key, and what belongs together.
    public let uniqueKey: String?
    public let orderingKey: String?
    public let correlationID: String?
    /// When it was added.
    public let createdAt: ServerTime
}

/// A message that was received.
public struct ReceivedMessage: Sendable, Hashable {
    /// Where it came from.
    public let source: String
    /// The source's name for it.
    public let messageID: String
    /// The work that it became.
    public let id: WorkID
    /// When.
    public let receivedAt: ServerTime

    /// Describes a message.
    package init(source: String, messageID: String, id: WorkID, receivedAt: ServerTime) {
        self.source = source
        self.messageID = messageID
        self.id = id
        self.receivedAt = receivedAt
    }
}
