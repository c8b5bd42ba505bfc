/// What became of the request to cancel a run.
public enum CancelReply: String, Sendable, Hashable, CaseIterable {
    /// It was not in progress, and will not run.
    case cancelled
    /// It is in progress: its handler's task is cancelled within a second, and it is not tried again. A handler that
    /// completes all the same has completed.
    case requested
    /// It has ended.
    case ended
    /// There is no such run, or its history is gone.
    case unknown
}
