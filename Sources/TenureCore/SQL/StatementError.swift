/// A statement of a handler that failed, with what the server says about it.
///
/// After an error of the server's, the transaction takes no further statement except a `ROLLBACK TO SAVEPOINT`: let
/// the error end the handler, unless there is a savepoint.
public struct StatementError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The SQLSTATE, e.g. `23505` for a unique key that is taken; `nil` for an error that is not the server's.
    public let sqlState: String?
    /// What is wrong. The server's message may quote data.
    public let message: String
    /// What the server advises.
    public let hint: String?
    /// The constraint that is violated, if any.
    public let constraint: String?

    /// An error.
    package init(sqlState: String? = nil, message: String, hint: String? = nil, constraint: String? = nil) {
        self.sqlState = sqlState
        self.message = message
        self.hint = hint
        self.constraint = constraint
    }

    /// The message, with the SQLSTATE where there is one, and the hint.
    public var description: String {
        (self.sqlState.map { "\($0): " } ?? "") + self.message + (self.hint.map { " (\($0))" } ?? "")
    }
}
