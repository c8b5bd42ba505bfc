/// Thrown by a handler: the work can never succeed, and goes to the dead letters at once.
public struct PermanentFailure: Error, Sendable, CustomStringConvertible {
    /// Why, for the dead letter.
    public let description: String

    /// A failure with its reason.
    public init(_ reason: String) {
        self.description = reason
    }
}

/// Thrown by a handler: run this again later; no attempt is counted.
public struct Snooze: Error, Sendable {
    /// How much later.
    public let delay: Duration

    /// A wish to be run again.
    public init(for delay: Duration) {
        self.delay = delay
    }
}
