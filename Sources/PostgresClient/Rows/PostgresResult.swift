internal import CLibpq
internal import Foundation

/// Owns one `PGresult`, which is freed when the last reader lets go.
// SAFETY: libpq documents results as read-only once created ("PGresult objects are ... read-only after creation and so
// can be passed around freely between threads"); the pointer is made by one connection, never modified here, and
// cleared once, in `deinit`. `operation` is set on the reactor before the result is handed to anybody.
final class PostgresResult: @unchecked Sendable {
    /// What libpq says a result is.
    enum Kind: Sendable, Hashable {
        case success, failure, aborted, sync, copyIn, copyOut
    }

    let pointer: OpaquePointer
    /// What errors of decoding call the statement.
    var operation = ""

    /// Takes over a result.
    init(_ pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit {
        PQclear(self.pointer)
    }

    var kind: Kind {
        switch PQresultStatus(self.pointer) {
        case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY, PGRES_SINGLE_TUPLE, PGRES_NONFATAL_ERROR: .success
        case PGRES_PIPELINE_ABORTED: .aborted
        case PGRES_PIPELINE_SYNC: .sync
        case PGRES_COPY_IN: .copyIn
        case PGRES_COPY_OUT: .copyOut
        default: .failure
        }
    }

    /// Whether the error was made by libpq because the connection is gone, not received from the server.
    var isConnectionLoss: Bool {
        PQresultErrorField(self.pointer, Field.sqlState) == nil
    }

    /// Whether the error is the last thing that the server said in this session.
    var endsSession: Bool {
        guard let severity = self.field(Field.severity) else { return false }
        return severity == "FATAL" || severity == "PANIC"
    }

    /// The number of rows that a command changed or returned, from its command tag.
    var affectedRows: Int {
        guard let text = PQcmdTuples(self.pointer) else { return 0 }
        return Int(atol(text))
    }

    /// The error that this result reports.
    func error(operation: String) -> PostgresError {
        PostgresError(
            .server,
            .answered,
            operation: operation,
            message: self.field(Field.message) ?? String(cString: PQresultErrorMessage(self.pointer)),
            sqlState: self.field(Field.sqlState).map { SQLState(rawValue: $0) },
            detail: self.field(Field.detail),
            hint: self.field(Field.hint),
            constraint: self.field(Field.constraint),
            endsSession: self.endsSession
        )
    }

    private func field(_ code: CInt) -> String? {
        PQresultErrorField(self.pointer, code).map { String(cString: $0) }
    }

    /// Codes of the fields of an error message (`PG_DIAG_…` are character macros that Swift does not import as `CInt`).
    private enum Field {
        static let severity = CInt(UInt8(ascii: "V"))
        static let sqlState = CInt(UInt8(ascii: "C"))
        static let message = CInt(UInt8(ascii: "M"))
        static let detail = CInt(UInt8(ascii: "D"))
        static let hint = CInt(UInt8(ascii: "H"))
        static let constraint = CInt(UInt8(ascii: "n"))
    }
}
