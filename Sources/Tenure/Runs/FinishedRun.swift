/// One attempt that has ended on this node and is to be settled.
struct FinishedRun: Sendable {
    let batch: BatchID
    let isLone: Bool
    let item: WorkItem
    let outcome: Outcome
    /// Whether the outcome is committed already, with the handler's own transaction.
    var isSettled = false
}

/// How an attempt ended.
struct AttemptEnd: Sendable {
    let outcome: Outcome
    /// Whether the outcome is committed already, with the handler's own transaction.
    var isSettled = false
}

/// Why an attempt's task was cancelled, if it was.
enum CancellationCause: Sendable {
    /// Its time was over.
    case timeout
    /// The node shuts down: the attempt is given back.
    case shutdown
    /// Its claim no longer stands: whatever it ends with counts for nothing.
    case claimLost
    /// A user cancelled it.
    case user
}
