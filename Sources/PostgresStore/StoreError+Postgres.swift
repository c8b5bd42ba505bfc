internal import PostgresClient
internal import TenureCore

/// SQLSTATEs that the schema's functions raise.
extension SQLState {
    static let epochNotInstalled = SQLState(rawValue: "TN001")
    static let claimGone = SQLState(rawValue: "TN002")
    static let fenceHeld = SQLState(rawValue: "TN003")
    static let rowGone = SQLState(rawValue: "TN004")
    static let transactionEscaped = SQLState(rawValue: "TN020")
    static let noDataFound = SQLState(rawValue: "P0002")
}

extension StoreError {
    /// Translates an error of the client; whatever else a body throws has to be a `StoreError` already.
    init(_ error: any Error, operation: String) {
        switch error {
        case let error as StoreError: self = error
        case let error as PostgresError: self.init(error, operation: operation)
        case is CancellationError: self.init(.unavailable, operation: operation, detail: "cancelled")
        default: self.init(.rejected, operation: operation, detail: String(describing: error))
        }
    }

    /// Translates an error of the client.
    init(_ error: PostgresError, operation: String) {
        self.init(Self.code(of: error), operation: operation, detail: Self.detail(of: error))
    }

    private static func code(of error: PostgresError) -> Code {
        if error.mayHaveHappened { return .outcomeUnknown }
        switch error.code {
        case .unavailable, .timedOut, .cancelled, .outcomeUnknown: return .unavailable
        // Too many callers wait for a connection, or the pools are closed.
        case .rejected: return .unavailable
        case .server: return error.sqlState.map(Self.code(of:)) ?? .rejected
        default: return .rejected
        }
    }

    private static func code(of state: SQLState) -> Code {
        switch state {
        case .epochNotInstalled: .fenced
        case .fenceHeld, .serializationFailure, .deadlockDetected, .lockNotAvailable, .queryCanceled,
            .idleInTransactionTimeout, .tooManyConnections:
            .unavailable
        case .undefinedTable, .undefinedFunction, .invalidSchemaName: .schema
        default:
            switch state.errorClass {
            // Undefined or mismatched columns and types.
            case "42" where state != .insufficientPrivilege: .schema
            // Connection exceptions, and a server that starts or stops.
            case "08", "57": .unavailable
            default: .rejected
            }
        }
    }

    /// The server's message with its hint, for a request that named something wrong; `nil` for any other error.
    static func refusal(_ error: PostgresError) -> RefusedRequest? {
        guard error.code == .server, let state = error.sqlState else { return nil }
        let isNotFound = state == .noDataFound
        // Values that do not fit, constraints that are violated.
        guard isNotFound || ["22", "23"].contains(state.errorClass) else { return nil }
        return RefusedRequest(message: error.message, hint: error.hint, isNotFound: isNotFound)
    }

    /// The message where it holds no data of a user's: about names, permissions, and what this schema raises.
    private static func detail(of error: PostgresError) -> String {
        guard let state = error.sqlState else { return "\(error.description): \(error.message)" }
        let isHarmless = ["TN", "42", "3D", "3F", "28", "53", "57", "55"].contains(state.errorClass)
        return isHarmless ? "\(error.description): \(error.message)" : error.description
    }
}
