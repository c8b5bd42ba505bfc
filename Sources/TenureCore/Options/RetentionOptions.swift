/// How long a tenant's database keeps what has ended, besides its history.
///
/// Each is a lower bound: what is kept longer goes with the rest of its partition.
public struct RetentionOptions: Sendable, Hashable {
    /// Dead letters, from when they failed for good. Default `nil`: until somebody retries or discards them.
    public var deadLetters: Duration?
    /// Received messages, so that a repetition is known. Default 30 days.
    public var inbox: Duration = .seconds(30 * 86_400)
    /// Who changed which definition or dead letter. Default 90 days.
    public var changes: Duration = .seconds(90 * 86_400)

    /// All defaults.
    public init() {}

    /// What is impossible in these options, one sentence each; empty when they can be used.
    public func problems() -> [String] {
        var problems: [String] = []
        if let deadLetters, deadLetters < .seconds(3600) {
            problems.append("dead_letters.retention is \(deadLetters): keep work that failed for at least one hour")
        }
        if self.inbox < .seconds(3600) {
            problems.append("inbox.retention is \(self.inbox): keep received messages for at least one hour")
        }
        if self.changes < .seconds(86_400) {
            problems.append("changes.retention is \(self.changes): keep changes for at least one day")
        }
        return problems
    }
}

/// All that a tenant's upkeep has to know.
package struct Retention: Sendable, Hashable {
    /// History.
    package var runs: Duration
    /// Everything else.
    package var others: RetentionOptions

    package init(runs: Duration, others: RetentionOptions = RetentionOptions()) {
        self.runs = runs
        self.others = others
    }
}
