internal import Foundation

/// What to do with due work, by topic.
///
/// The first pattern that matches wins. A pattern is a topic, or a prefix followed by `*`.
///
/// ```swift
/// var handlers = Handlers()
/// handlers.on("invoice.send") { (invoice: Invoice, context) in
///     try await mailer.send(invoice, idempotencyKey: context.idempotencyKey)
/// }
/// ```
public struct Handlers: Sendable {
    /// A handler that takes the payload as JSON text.
    public typealias Raw = @Sendable (_ payload: String, _ context: RunContext) async throws -> Void

    private struct Rule: Sendable {
        let pattern: TopicPattern
        let handler: Raw
    }

    private var rules: [Rule] = []

    /// No handlers yet.
    public init() {}

    /// Handles topics with a payload that is decoded from JSON.
    ///
    /// A payload that does not decode goes to the dead letters at once, with the coding path.
    public mutating func on<Payload: Decodable & Sendable>(
        _ pattern: String,
        as type: Payload.Type = Payload.self,
        perform handler: @escaping @Sendable (_ payload: Payload, _ context: RunContext) async throws -> Void
    ) {
        self.onRaw(pattern) { text, context in
            let payload: Payload
            do {
                payload = try JSONDecoder().decode(Payload.self, from: Data(text.utf8))
            } catch {
                throw PermanentFailure("payload: \(describe(error))")
            }
            try await handler(payload, context)
        }
    }

    /// Handles topics with the payload as JSON text.
    public mutating func onRaw(_ pattern: String, perform handler: @escaping Raw) {
        self.rules.append(Rule(pattern: TopicPattern(pattern), handler: handler))
    }

    /// The handler of a topic; `nil` when no pattern matches.
    package func handler(for topic: String) -> Raw? {
        self.rules.first { $0.pattern.matches(topic) }?.handler
    }
}

/// A topic, or a prefix followed by `*`.
package struct TopicPattern: Sendable, Hashable {
    private let prefix: String
    private let isPrefix: Bool

    package init(_ text: String) {
        self.isPrefix = text.hasSuffix("*")
        self.prefix = self.isPrefix ? String(text.dropLast()) : text
    }

    package func matches(_ topic: String) -> Bool {
        self.isPrefix ? topic.hasPrefix(self.prefix) : topic == self.prefix
    }
}

/// Where in the payload, and what was wrong.
private func describe(_ error: any Error) -> String {
    guard let error = error as? DecodingError else { return String(describing: error) }
    let (what, context): (String, DecodingError.Context) =
        switch error {
        case .typeMismatch(let type, let context): ("expected \(type)", context)
        case .valueNotFound(let type, let context): ("missing value of \(type)", context)
        case .keyNotFound(let key, let context): ("missing key '\(key.stringValue)'", context)
        case .dataCorrupted(let context): (context.debugDescription, context)
        @unknown default: (String(describing: error), .init(codingPath: [], debugDescription: ""))
        }
    let path = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
    return path.isEmpty ? what : "\(what) at \(path)"
}
