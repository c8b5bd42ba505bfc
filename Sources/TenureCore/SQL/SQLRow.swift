/// The answer to a statement that a handler ran in its tenant's database.
public struct SQLResult: Sendable {
    /// What it returned.
    public let rows: [SQLRow]
    /// How many rows it inserted, updated, deleted or returned.
    public let affectedRows: Int

    /// An answer.
    package init(rows: [SQLRow], affectedRows: Int) {
        self.rows = rows
        self.affectedRows = affectedRows
    }
}

/// One row of an answer. Its values are text as Postgres writes it, read into Swift types on demand.
public struct SQLRow: Sendable {
    /// The names of the columns, in order.
    public let columns: [String]
    private let values: [String?]

    /// A row.
    package init(columns: [String], values: [String?]) {
        self.columns = columns
        self.values = values
    }

    /// Reads a value by the name of its column; the first one if several have it.
    ///
    /// - Throws: ``StatementError`` when there is no such column, or it is NULL, or of another type.
    public func decode<Value: SQLDecodable>(
        _ column: String,
        as type: Value.Type = Value.self
    ) throws(StatementError) -> Value {
        guard let value = try self.decodeIfPresent(column, as: type) else {
            throw StatementError(message: "column '\(column)' is NULL")
        }
        return value
    }

    /// Reads a value that may be NULL.
    ///
    /// - Throws: ``StatementError`` when there is no such column, or it is of another type.
    public func decodeIfPresent<Value: SQLDecodable>(
        _ column: String,
        as type: Value.Type = Value.self
    ) throws(StatementError) -> Value? {
        guard let index = self.columns.firstIndex(of: column) else {
            throw StatementError(message: "there is no column '\(column)': \(self.columns.joined(separator: ", "))")
        }
        guard let text = self.values[index] else { return nil }
        guard let value = Value(sqlText: text) else {
            throw StatementError(message: "column '\(column)' cannot be read as \(type)")
        }
        return value
    }
}

/// A type that a value of an ``SQLRow`` can be read as.
public protocol SQLDecodable {
    /// Reads the text that Postgres writes for the value; `nil` if it is none of this type.
    init?(sqlText: String)
}

extension Int: SQLDecodable {
    /// Reads digits.
    public init?(sqlText: String) { self.init(sqlText) }
}

extension Int64: SQLDecodable {
    /// Reads digits.
    public init?(sqlText: String) { self.init(sqlText) }
}

extension Double: SQLDecodable {
    /// Reads a number; also of type `numeric`, with a double's precision.
    public init?(sqlText: String) { self.init(sqlText) }
}

extension Bool: SQLDecodable {
    /// Reads `t` or `f`.
    public init?(sqlText: String) {
        switch sqlText {
        case "t": self = true
        case "f": self = false
        default: return nil
        }
    }
}

extension String: SQLDecodable {
    /// Takes any value as Postgres writes it.
    public init?(sqlText: String) { self = sqlText }
}
