internal import Foundation
public import TenureCore

/// What a handler knows about a delivery.
public struct MessageContext: Sendable, Hashable {
    /// The message; of a recurring one, its occurrence.
    public let token: MessageToken
    /// The topic.
    public let topic: String
    /// The number of this delivery, from 1.
    public let attempt: Int
    /// The deliveries that there may be in all.
    public let maxAttempts: Int
    /// When it became due, by the scheduler's clock.
    public let dueAt: ServerTime
    /// The recurrence that this is an occurrence of.
    public let recurrenceToken: MessageToken?
    /// The instant that the occurrence was scheduled for.
    public let scheduledFor: ServerTime?

    /// The same for every delivery of this message and for no other message of its scheduler.
    public var idempotencyKey: String { self.token.text }
}

/// What to do with due messages, by topic. The first pattern that matches wins; a pattern is a topic, or a prefix
/// followed by `*`.
///
/// A handler that throws lets the message be delivered again later; ``PermanentFailure`` lets it fail at once.
public struct MessageHandlers: Sendable {
    /// A handler that takes the payload as JSON text.
    public typealias Raw = @Sendable (_ payload: String, _ context: MessageContext) async throws -> Void

    private var rules: [(pattern: TopicPattern, handler: Raw)] = []

    /// No handlers yet.
    public init() {}

    /// Handles topics with a payload that is decoded from JSON. One that does not decode fails at once.
    public mutating func on<Payload: Decodable & Sendable>(
        _ pattern: String,
        as type: Payload.Type = Payload.self,
        perform handler: @escaping @Sendable (_ payload: Payload, _ context: MessageContext) async throws -> Void
    ) {
        self.onRaw(pattern) { text, context in
            let payload: Payload
            do {
                payload = try JSONDecoder().decode(Payload.self, from: Data(text.utf8))
            } catch {
                throw PermanentFailure("payload: \(error)")
            }
            try await handler(payload, context)
        }
    }

    /// Handles topics with the payload as JSON text.
    public mutating func onRaw(_ pattern: String, perform handler: @escaping Raw) {
        self.rules.append((TopicPattern(pattern), handler))
    }

    /// The handler of a topic; `nil` when no pattern matches.
    func handler(for topic: String) -> Raw? {
        self.rules.first { $0.pattern.matches(topic) }?.handler
    }
}
