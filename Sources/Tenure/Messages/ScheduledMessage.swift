internal import Foundation
public import TenureCore

/// Where a message stands.
public enum MessageState: String, Sendable, Hashable, Codable, CaseIterable {
    /// It waits: for its first delivery, or after a failed one for the next. A recurrence that goes on.
    case pending
    /// A handler has it, or had it when its process was lost.
    case delivering
    /// Its handler returned. A recurrence that has no further instant.
    case delivered
    /// Every delivery that it might have had failed.
    case failed
    /// It was cancelled in time.
    case cancelled
}

/// A message as it stands, or a recurrence.
public struct ScheduledMessage: Sendable, Hashable {
    /// Its identity.
    public let token: MessageToken
    /// Decides about the handler.
    public let topic: String
    /// JSON text; `nil` when it is no longer kept.
    public let payload: String?
    /// Where it stands.
    public let state: MessageState
    /// When it is due, or was; of a recurrence its next instant.
    public let dueAt: ServerTime?
    /// Deliveries that were begun.
    public let attempts: Int
    /// Deliveries that there may be in all; 0 when it is no longer known.
    public let maxAttempts: Int
    /// When it ended, unless it has not.
    public let endedAt: ServerTime?
    /// What went wrong last.
    public let error: String?
    /// When it recurs; only of a recurrence.
    public let recurrence: MessageRecurrence?
    /// The recurrence that it is an occurrence of.
    public let recurrenceToken: MessageToken?
    /// The instant that the occurrence was scheduled for.
    public let scheduledFor: ServerTime?

    /// The payload as a value.
    ///
    /// - Throws: `DecodingError`; ``RequestRefused`` when the payload is no longer kept.
    public func decode<Payload: Decodable>(as type: Payload.Type = Payload.self) throws -> Payload {
        guard let payload else {
            throw RequestRefused(message: "the payload is no longer kept", hint: nil, isNotFound: true)
        }
        return try JSONDecoder().decode(Payload.self, from: Data(payload.utf8))
    }
}

/// Which messages are wanted, and which page of them.
public struct MessageFilter: Sendable, Hashable {
    /// Any of these states; empty for all.
    public var states: [MessageState]
    /// The most that a page holds, 1 to 1,000. Default 100.
    public var limit: Int
    /// Where the page before ended, see ``MessagePage/next``; `nil` for the first page.
    public var after: String?

    /// The first page of messages in any of some states.
    public init(states: [MessageState] = [], limit: Int = 100, after: String? = nil) {
        self.states = states
        self.limit = limit
        self.after = after
    }

    /// Refuses an impossible limit.
    func check() throws(RequestRefused) {
        guard (1...1000).contains(self.limit) else {
            throw RequestRefused(message: "the limit is \(self.limit)", hint: "Use 1 to 1,000.", isNotFound: false)
        }
    }

    static func invalidPage(_ text: String) -> RequestRefused {
        RequestRefused(
            message: "'\(text.prefix(40))' is not where a page ended",
            hint: "Give what the page before says in 'next'.",
            isNotFound: false
        )
    }
}

/// Some messages.
public struct MessagePage: Sendable, Hashable {
    /// In the scheduler's own order.
    public let messages: [ScheduledMessage]
    /// Where this page ends, for the next one; `nil` when there is none.
    public let next: String?
}
