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
    /// A handler that takes the payload as JSON text and a transaction of the tenant's database.
    public typealias RawTransaction =
        @Sendable (_ payload: String, _ context: RunContext, _ transaction: TenantTransaction) async throws -> Void

    /// What handles a topic.
    package enum Handler: Sendable {
        case plain(Raw)
        /// Its transaction may wait for its next statement no longer than `idleLimit`.
        case transactional(RawTransaction, idleLimit: Duration)
    }

    private struct Rule: Sendable {
        let pattern: TopicPattern
        let handler: Handler
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
            try await handler(try decode(text), context)
        }
    }

    /// Handles topics with the payload as JSON text.
    public mutating func onRaw(_ pattern: String, perform handler: @escaping Raw) {
        self.rules.append(Rule(pattern: TopicPattern(pattern), handler: .plain(handler)))
    }

    /// Handles topics in a transaction of the tenant's database that also completes the run: what the handler writes
    /// there takes effect exactly once, or never.
    ///
    /// The handler returns to commit and throws to roll back; what it throws decides about the run as always. The
    /// completion comes last, with the commit: a handler whose claim was revoked meanwhile is rolled back.
    ///
    /// ```swift
    /// handlers.onTransaction("ledger.post") { (entry: Entry, context, transaction) in
    ///     try await transaction.execute(
    ///         "UPDATE accounts SET balance = balance + $1 WHERE id = $2", .int(entry.cents), .text(entry.account)
    ///     )
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - idleLimit: How long the transaction may wait for its handler's next statement before the server ends it, so
    ///     that a process which was stopped does not keep its locks. Default 5 s.
    ///   - handler: Called with a connection of its own for as long as it runs: it should be short.
    public mutating func onTransaction<Payload: Decodable & Sendable>(
        _ pattern: String,
        as type: Payload.Type = Payload.self,
        idleLimit: Duration = .seconds(5),
        perform handler:
            @escaping @Sendable (
                _ payload: Payload, _ context: RunContext, _ transaction: TenantTransaction
            ) async throws -> Void
    ) {
        self.onRawTransaction(pattern, idleLimit: idleLimit) { text, context, transaction in
            try await handler(try decode(text), context, transaction)
        }
    }

    /// Handles topics in a transaction of the tenant's database, with the payload as JSON text; as
    /// ``onTransaction(_:as:idleLimit:perform:)``.
    public mutating func onRawTransaction(
        _ pattern: String,
        idleLimit: Duration = .seconds(5),
        perform handler: @escaping RawTransaction
    ) {
        precondition(idleLimit > .zero, "a transaction needs some time between its statements")
        self.rules.append(Rule(pattern: TopicPattern(pattern), handler: .transactional(handler, idleLimit: idleLimit)))
    }

    /// The handler of a topic; `nil` when no pattern matches.
    package func handler(for topic: String) -> Handler? {
        self.rules.first { $0.pattern.matches(topic) }?.handler
    }
}

/// Reads a payload; one that does not decode fails for good, with the coding path.
private func decode<Payload: Decodable>(_ text: String) throws -> Payload {
    do {
        return try JSONDecoder().decode(Payload.self, from: Data(text.utf8))
    } catch {
        throw PermanentFailure("payload: \(describe(error))")
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
