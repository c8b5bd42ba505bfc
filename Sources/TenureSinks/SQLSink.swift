internal import Foundation
internal import Tenure

/// Calls a function in the tenant's database for each run, in the transaction that completes the run: what the function
/// writes takes effect exactly once.
///
/// The function takes the payload as `jsonb` and, if asked for, what is known about the run as another `jsonb`; its
/// result is ignored. An error that it raises fails the attempt.
public struct SQLSink: Sendable, Hashable {
    /// The function's name with its schema, such as `app.post_entry`.
    public let function: String
    /// Whether the function has a second parameter, for what is known about the run.
    public var passesContext: Bool
    /// How long the session may be silent. The function itself is bounded by the run's timeout.
    static let idleLimit = Duration.seconds(5)

    /// A function; `nil` unless the name is one of letters, digits and underscores, with a schema if there is a dot.
    public init?(function: String, passesContext: Bool = false) {
        guard function.wholeMatch(of: /([A-Za-z_][A-Za-z0-9_]{0,62}\.)?[A-Za-z_][A-Za-z0-9_]{0,62}/) != nil else {
            return nil
        }
        self.function = function
        self.passesContext = passesContext
    }

    func handle(payload: String, context: RunContext, transaction: TenantTransaction) async throws {
        if self.passesContext {
            try await transaction.execute(
                "SELECT \(self.function)($1, $2)",
                .json(payload),
                .json(try Self.json(context))
            )
        } else {
            try await transaction.execute("SELECT \(self.function)($1)", .json(payload))
        }
    }

    private struct Context: Encodable {
        var tenant: String
        var runID: Int64
        var kind: String
        var topic: String
        var attempt: Int
        var maxAttempts: Int
        var epoch: Int64
        var idempotencyKey: String
        var dueAt: String
        var jobName: String?
        var scheduledFor: String?
        var correlationID: String?
        var traceContext: String?
    }

    private static func json(_ context: RunContext) throws -> String {
        let values = Context(
            tenant: context.tenant.description,
            runID: context.runID.value,
            kind: context.kind.rawValue,
            topic: context.topic,
            attempt: context.attempt,
            maxAttempts: context.maxAttempts,
            epoch: context.epoch.value,
            idempotencyKey: context.idempotencyKey,
            dueAt: Self.text(context.dueAt),
            jobName: context.jobName,
            scheduledFor: context.scheduledFor.map(Self.text),
            correlationID: context.correlationID,
            traceContext: context.traceContext
        )
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return String(decoding: try encoder.encode(values), as: UTF8.self)
    }

    /// ISO 8601 in UTC with microseconds, which Postgres reads as `timestamptz`.
    private static func text(_ time: ServerTime) -> String {
        let seconds = (Double(time.microseconds) / 1_000_000).rounded(.down)
        let fraction = time.microseconds - Int64(seconds) * 1_000_000
        let date = Date(timeIntervalSince1970: seconds)
        let digits = String(1_000_000 + fraction).dropFirst()
        return date.ISO8601Format().dropLast() + ".\(digits)Z"
    }
}
