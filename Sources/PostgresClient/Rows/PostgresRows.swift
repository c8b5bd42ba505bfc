internal import CLibpq

/// The answer to one statement: its rows, and how many it changed.
///
/// Rows are views of the memory that the answer arrived in; reading a value decodes it then and there.
///
/// - Complexity: O(1) for each row and value, O(n) for arrays and strings of length n.
package struct PostgresRows: Sendable, RandomAccessCollection {
    let result: PostgresResult
    private let rowCount: Int

    init(_ result: PostgresResult) {
        self.result = result
        self.rowCount = Int(PQntuples(result.pointer))
    }

    package var startIndex: Int { 0 }
    package var endIndex: Int { self.rowCount }

    package subscript(position: Int) -> PostgresRow {
        precondition(position >= 0 && position < self.rowCount, "row \(position) of \(self.rowCount)")
        return PostgresRow(result: self.result, row: CInt(position))
    }

    /// How many rows the command inserted, updated, deleted or returned.
    package var affected: Int { self.result.affectedRows }

    /// The names of the columns.
    package var columnNames: [String] {
        (0..<PQnfields(self.result.pointer)).map { String(cString: PQfname(self.result.pointer, $0)) }
    }

    /// The only row.
    ///
    /// - Throws: ``PostgresError`` with `.malformed` if there is none or there are several.
    package func single() throws(PostgresError) -> PostgresRow {
        guard self.rowCount == 1 else {
            throw PostgresError(
                .malformed,
                .answered,
                operation: self.result.operation,
                message: "\(self.rowCount) rows where one was expected"
            )
        }
        return self[0]
    }
}
