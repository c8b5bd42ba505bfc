/// An error from a tenant's database.
public struct StoreError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of error; more may be added.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Base: String {
            case unavailable, outcomeUnknown, fenced, schema, rejected
        }

        private let base: Base

        private init(_ base: Base) {
            self.base = base
        }

        /// Nothing happened: not connected, not sent, or rolled back for a passing reason. Safe to try again.
        public static let unavailable = Code(.unavailable)
        /// Sent, and the reply was lost: it may have been committed.
        public static let outcomeUnknown = Code(.outcomeUnknown)
        /// Another epoch is installed: the caller is no longer the owner.
        public static let fenced = Code(.fenced)
        /// The schema is missing, newer than this program, or not as it should be.
        public static let schema = Code(.schema)
        /// The database refused: permissions, disk full, an error in a statement.
        public static let rejected = Code(.rejected)

        /// The code's name.
        public var description: String { self.base.rawValue }
    }

    /// What kind of error.
    public let code: Code
    /// What was attempted, e.g. `ownership.take`.
    public let operation: String
    /// More for a log; never a credential or a payload.
    public let detail: String?

    /// An error with its operation.
    public init(_ code: Code, operation: String, detail: String? = nil) {
        self.code = code
        self.operation = operation
        self.detail = detail
    }

    /// The code, the operation and the detail.
    public var description: String {
        "\(self.code) in \(self.operation)" + (self.detail.map { ": \($0)" } ?? "")
    }
}
