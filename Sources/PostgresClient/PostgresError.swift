/// An error of the Postgres client, with the answer to "may it have happened?".
///
/// Every request ends in one of three ways (``Outcome``): it was not executed, the server answered, or nobody knows.
/// Server errors carry the fields of the protocol's error message; texts of the server (``message``, ``detail``) can
/// hold data and are therefore no part of ``description``.
package struct PostgresError: Error, Sendable {
    /// What kind of failure it is. An open set: codes may be added.
    package struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Base: String {
            case unavailable, timedOut, cancelled, outcomeUnknown, server, rejected, malformed, invalidTarget
        }

        private let base: Base

        private init(_ base: Base) {
            self.base = base
        }

        /// No connection, or it was lost before the request left it. Safe to retry.
        package static let unavailable = Self(.unavailable)
        /// The deadline passed. See ``PostgresError/outcome`` for whether the request may have been executed.
        package static let timedOut = Self(.timedOut)
        /// The calling task was cancelled. See ``PostgresError/outcome``.
        package static let cancelled = Self(.cancelled)
        /// The request was sent and the connection was lost before the answer. Reconcile before retrying.
        package static let outcomeUnknown = Self(.outcomeUnknown)
        /// The server refused the request; the transaction was rolled back. See ``PostgresError/sqlState``.
        package static let server = Self(.server)
        /// A limit of the client was reached, or it is shutting down; nothing was sent.
        package static let rejected = Self(.rejected)
        /// The answer is not what the caller expects: another type, a NULL, a missing column or row.
        package static let malformed = Self(.malformed)
        /// The connection string, or what it refers to, cannot be used.
        package static let invalidTarget = Self(.invalidTarget)

        package var description: String { self.base.rawValue }
    }

    /// How a failed request ended.
    package enum Outcome: Sendable, Hashable {
        /// It was not executed, and will not be.
        case notSent
        /// The server answered: the request had no effect, except where ``PostgresError/Code/malformed`` is thrown by
        /// decoding a successful answer.
        case answered
        /// It may or may not have taken effect.
        case unknown
    }

    /// What kind of failure it is.
    package let code: Code
    /// How the request ended.
    package let outcome: Outcome
    /// What was attempted: the statement's name, `connect`, `copy` and the like. Never holds parameters.
    package let operation: String
    /// The server's SQLSTATE, for errors that the server reported.
    package let sqlState: SQLState?
    /// The primary message, of the server or of this client.
    package let message: String
    /// The server's detail. May contain data.
    package let detail: String?
    /// The server's hint.
    package let hint: String?
    /// The name of the violated constraint, if any.
    package let constraint: String?
    /// Whether the server ended the session with this error.
    package let endsSession: Bool

    /// Creates an error.
    package init(
        _ code: Code,
        _ outcome: Outcome,
        operation: String,
        message: String,
        sqlState: SQLState? = nil,
        detail: String? = nil,
        hint: String? = nil,
        constraint: String? = nil,
        endsSession: Bool = false
    ) {
        self.code = code
        self.outcome = outcome
        self.operation = operation
        self.sqlState = sqlState
        self.message = message
        self.detail = detail
        self.hint = hint
        self.constraint = constraint
        self.endsSession = endsSession
    }

    /// Whether the request may have taken effect although it failed.
    package var mayHaveHappened: Bool { self.outcome == .unknown }

    /// The same failure with another code and outcome, keeping what the server said.
    func with(code: Code, outcome: Outcome) -> PostgresError {
        PostgresError(
            code,
            outcome,
            operation: self.operation,
            message: self.message,
            sqlState: self.sqlState,
            detail: self.detail,
            hint: self.hint,
            constraint: self.constraint,
            endsSession: self.endsSession
        )
    }
}

extension PostgresError: CustomStringConvertible, CustomDebugStringConvertible {
    /// The kind of failure and where it occurred, free of data.
    package var description: String {
        var text = "\(self.operation): \(self.code)"
        if let sqlState { text += " [\(sqlState)]" }
        if let constraint { text += " (\(constraint))" }
        if self.mayHaveHappened { text += ", may have happened" }
        return text
    }

    /// The description with the server's message, which can contain data.
    package var debugDescription: String {
        "\(self.description): \(self.message)" + (self.detail.map { " (\($0))" } ?? "")
    }
}
