/// A five-character error code of the SQL standard, as Postgres reports it.
package struct SQLState: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    package let rawValue: String

    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    package var description: String { self.rawValue }

    /// The first two characters, which name the class.
    package var errorClass: Substring { self.rawValue.prefix(2) }

    package static let uniqueViolation = SQLState(rawValue: "23505")
    package static let foreignKeyViolation = SQLState(rawValue: "23503")
    package static let checkViolation = SQLState(rawValue: "23514")
    package static let serializationFailure = SQLState(rawValue: "40001")
    package static let deadlockDetected = SQLState(rawValue: "40P01")
    package static let raiseException = SQLState(rawValue: "P0001")
    package static let lockNotAvailable = SQLState(rawValue: "55P03")
    package static let queryCanceled = SQLState(rawValue: "57014")
    package static let adminShutdown = SQLState(rawValue: "57P01")
    package static let cannotConnectNow = SQLState(rawValue: "57P03")
    package static let tooManyConnections = SQLState(rawValue: "53300")
    package static let undefinedTable = SQLState(rawValue: "42P01")
    package static let undefinedFunction = SQLState(rawValue: "42883")
    package static let invalidSchemaName = SQLState(rawValue: "3F000")
    package static let invalidCatalogName = SQLState(rawValue: "3D000")
    package static let duplicateDatabase = SQLState(rawValue: "42P04")
    package static let invalidPassword = SQLState(rawValue: "28P01")
    package static let insufficientPrivilege = SQLState(rawValue: "42501")
    package static let featureNotSupported = SQLState(rawValue: "0A000")
    package static let invalidStatementName = SQLState(rawValue: "26000")
    package static let idleInTransactionTimeout = SQLState(rawValue: "25P03")
}
