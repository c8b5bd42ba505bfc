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
    /// The job that this is an occurrence of.
    public let jobName: String?
    /// The instant that the occurrence was scheduled for.
    public let scheduledFor: ServerTime?
    /// When it became due.
    public let dueAt: ServerTime
    /// Who runs it.
    public let node: String
    /// The registration of that node.
    public let incarnation: Incarnation
    /// The epoch under which it was claimed.
    public let epoch: Epoch
    /// When it was claimed.
    public let claimedAt: ServerTime
    /// How far it said last that it is; JSON text.
    public let progress: String?
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
    /// The job that this was an occurrence of.
    public let jobName: String?
    /// The instant that the occurrence was scheduled for.
    public let scheduledFor: ServerTime?
    /// When it became due.
    public let dueAt: ServerTime?
    /// Who ran it.
    public let node: String?
    /// The epoch under which it was claimed.
    public let epoch: Epoch?
    /// When the attempt began.
    public let startedAt: ServerTime?
    /// When the attempt ended.
    public let finishedAt: ServerTime
    /// `completed`, `retryable`, `discarded`, `cancelled`, `interrupted`, `crashed` or `skipped`.
    public let state: String
    /// Why, e.g. `misfire` or `overlap` for an occurrence that did not run.
    public let reason: String?
    /// What went wrong.
    public let error: String?
    /// What belongs together.
    public let correlationID: String?
    /// What the attempt returned; JSON text.
    public let output: String?
    /// How far it said last that it was; JSON text.
    public let progress: String?
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
