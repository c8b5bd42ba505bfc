/// An error from the coordination store.
public struct CoordinationError: Error, Sendable, CustomStringConvertible {
    /// What kind of error; more may be added.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Base: String {
            case unavailable, outcomeUnknown, superseded, malformedReply, rejected
        }

        private let base: Base

        private init(_ base: Base) {
            self.base = base
        }

        /// Not sent: nothing happened, and it is safe to try again.
        public static let unavailable = Code(.unavailable)
        /// Sent, and the reply was lost: it may have happened.
        public static let outcomeUnknown = Code(.outcomeUnknown)
        /// A newer term exists: the caller is no longer the leader.
        public static let superseded = Code(.superseded)
        /// The store answered with something that this version does not understand.
        public static let malformedReply = Code(.malformedReply)
        /// The store refused: permissions, memory, read-only.
        public static let rejected = Code(.rejected)

        /// The code's name.
        public var description: String { self.base.rawValue }
    }

    /// What kind of error.
    public let code: Code
    /// What was attempted, e.g. `lock.acquire`.
    public let operation: String
    /// More for a log; never a credential.
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
