internal import PostgresClient
internal import Synchronization
internal import TenureCore

/// The transaction of one handler in Postgres, from its beginning to the handler's end.
final class PostgresHandlerSession: SQLSession {
    private let connection: PostgresConnection
    private let deadline: ContinuousClock.Instant
    private let isOver = Atomic(false)

    let schema: String

    init(connection: PostgresConnection, schema: SchemaName, deadline: ContinuousClock.Instant) {
        self.connection = connection
        self.schema = "\"\(schema)\""
        self.deadline = deadline
    }

    /// Refuses further statements: the connection goes to others.
    func end() {
        self.isOver.store(true, ordering: .sequentiallyConsistent)
    }

    func run(_ sql: String, _ parameters: [SQLValue]) async throws(StatementError) -> SQLResult {
        guard !self.isOver.load(ordering: .sequentiallyConsistent) else {
            throw StatementError(message: "the transaction is over: it lasts as long as its handler")
        }
        if let keyword = Self.endingKeyword(of: sql) {
            throw StatementError(
                message: "\(keyword) is not for handlers",
                hint: "Return to commit, throw to roll back; savepoints may be used."
            )
        }
        do throws(PostgresError) {
            let rows = try await self.connection.query(
                .unnamed(sql, resultFormat: .text),
                parameters: parameters.map(PostgresValue.init),
                deadline: self.deadline
            )
            let columns = rows.columnNames
            let decoded = try rows.map { row throws(PostgresError) in
                var values: [String?] = []
                for column in columns.indices { values.append(try row.optionalString(column)) }
                return SQLRow(columns: columns, values: values)
            }
            return SQLResult(rows: decoded, affectedRows: rows.affected)
        } catch {
            throw StatementError(error)
        }
    }

    /// The word of a statement that would begin or end a transaction. The completion checks for it again.
    private static func endingKeyword(of sql: String) -> String? {
        let words = sql.split(maxSplits: 3) { $0.isWhitespace || $0 == ";" }.prefix(3).map { $0.uppercased() }
        guard let first = words.first else { return nil }
        switch first {
        case "COMMIT", "END", "ABORT", "BEGIN", "START": return first
        case "ROLLBACK": return words.contains("TO") ? nil : first
        case "PREPARE": return words.dropFirst().first == "TRANSACTION" ? "PREPARE TRANSACTION" : nil
        default: return nil
        }
    }
}

extension PostgresValue {
    fileprivate init(_ value: SQLValue) {
        switch value {
        // No type: the server takes the one that the place needs.
        case .null: self = .null(PostgresType(rawValue: 0))
        case .bool(let value): self = .bool(value)
        case .int(let value): self = .int(value)
        case .double(let value): self = .double(value)
        case .text(let value): self = .text(value)
        case .json(let value): self = .json(value)
        case .bytes(let value): self = .bytes(value)
        case .time(let value): self = .timestamp(microseconds: value.microseconds)
        }
    }
}

extension StatementError {
    /// What the client says, without its opinion on whether it happened: what was not committed did not.
    init(_ error: PostgresError) {
        self.init(
            sqlState: error.sqlState?.rawValue,
            message: error.message,
            hint: error.hint,
            constraint: error.constraint
        )
    }
}
