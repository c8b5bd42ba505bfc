internal import PostgresClient

/// Why the tenants are not known at the moment.
public struct DiscoveryFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of failure; more may be added.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Base: String {
            case unavailable, misconfigured
        }

        private let base: Base

        private init(_ base: Base) {
            self.base = base
        }

        /// The database cannot be reached, or does not answer in time. It may pass.
        public static let unavailable = Code(.unavailable)
        /// The connection string, the schema or the query cannot be used. Somebody has to mend it.
        public static let misconfigured = Code(.misconfigured)

        /// The code's name.
        public var description: String { self.base.rawValue }
    }

    /// What kind of failure.
    public let code: Code
    /// What is wrong, and what to do about it; never a credential.
    public let description: String

    init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }

    /// Translates an error of the client.
    ///
    /// - Parameter hints: What to say about an SQLSTATE that tells what is wrong.
    init(_ error: any Error, in source: String, hints: [SQLState: String] = [:]) {
        switch error {
        case let failure as DiscoveryFailure:
            self = failure
        case let error as PostgresError:
            let isPassing: Bool
            switch error.code {
            case .server: isPassing = ["08", "40", "53", "55", "57"].contains(error.sqlState?.errorClass ?? "")
            case .malformed, .invalidTarget: isPassing = false
            default: isPassing = true
            }
            let hint = error.sqlState.flatMap { hints[$0] }.map { " (\($0))" } ?? ""
            self.init(isPassing ? .unavailable : .misconfigured, "\(source): \(error.message)\(hint)")
        default:
            self.init(.unavailable, "\(source): \(error)")
        }
    }
}
