/// One thing that went wrong with work, or what a user did about it.
///
/// Work carries the first of them and the newest 19, so that a dead letter tells everything that led to it, also when
/// the history of its first attempts is not kept any more.
public struct AttemptError: Sendable, Hashable, Codable {
    /// How many of them work carries.
    package static let countMax = 20

    /// The number of the attempt, from 1; `nil` for what a user did.
    public var attempt: Int?
    /// When.
    public var at: ServerTime
    /// Who ran the attempt.
    public var node: String?
    /// The epoch under which it was claimed.
    public var epoch: Epoch?
    /// `retryable`, `crashed`, `discarded`; `retried` when a user put a dead letter back to work.
    public var state: String
    /// Why, in a word.
    public var reason: String?
    /// What went wrong.
    public var error: String?

    /// Describes what went wrong.
    package init(
        attempt: Int?,
        at: ServerTime,
        node: String? = nil,
        epoch: Epoch? = nil,
        state: String,
        reason: String? = nil,
        error: String? = nil
    ) {
        self.attempt = attempt
        self.at = at
        self.node = node
        self.epoch = epoch
        self.state = state
        self.reason = reason
        self.error = error
    }
}

extension [AttemptError] {
    /// Adds one; where there are too many the second goes.
    package mutating func note(_ error: AttemptError) {
        if self.count >= AttemptError.countMax { self.remove(at: 1) }
        self.append(error)
    }
}
