/// A statement's text, and the name under which connections keep it prepared.
///
/// A named statement is parsed once per connection, in the same flush as its first use; the name has to determine the
/// text. Where the text depends on something (a schema), the name has to as well. Exactly one command; several go
/// into ``PostgresUnit`` or, without parameters, ``PostgresConnection/execute(script:deadline:)``.
package struct PostgresStatement: Sendable, Hashable {
    /// How values come back.
    package enum ResultFormat: Sendable, Hashable {
        /// The types' binary forms, which ``PostgresRow`` decodes fastest.
        case binary
        /// Text as `psql` shows it, for columns of types that are not known beforehand.
        case text
    }

    /// The name; empty for a statement that is parsed at each use.
    package let name: String
    /// The text, with parameters `$1`, `$2`, ….
    package let sql: String
    /// How values come back; binary by default.
    package let resultFormat: ResultFormat
    /// Whether the server can commit nothing before it reads the end of the unit.
    ///
    /// True of queries and data changes. A `COMMIT`, a procedure or a command that runs outside of transactions may
    /// have taken effect although its answer is missing.
    let commitsOnlyWithUnit: Bool

    /// Creates a statement that connections keep prepared.
    package init(_ name: String, _ sql: String, resultFormat: ResultFormat = .binary) {
        self.name = name
        self.sql = sql
        self.resultFormat = resultFormat
        self.commitsOnlyWithUnit = Self.isPlain(sql)
    }

    /// A statement that is parsed at each use: DDL, and whatever runs rarely.
    package static func unnamed(_ sql: String, resultFormat: ResultFormat = .binary) -> PostgresStatement {
        PostgresStatement("", sql, resultFormat: resultFormat)
    }

    /// Begins an explicit transaction.
    package static let begin = PostgresStatement("begin", "BEGIN")
    /// Commits an explicit transaction.
    package static let commit = PostgresStatement("commit", "COMMIT")
    /// Rolls an explicit transaction back.
    package static let rollback = PostgresStatement("rollback", "ROLLBACK")

    /// What errors and logs call the statement.
    package var label: String { self.name.isEmpty ? "statement" : self.name }

    private static func isPlain(_ sql: String) -> Bool {
        var rest = sql[...]
        while true {
            rest = rest.drop { $0.isWhitespace || $0 == "(" }
            guard rest.hasPrefix("--") else { break }
            rest = rest.drop { !$0.isNewline }
        }
        let keyword = rest.prefix { $0.isLetter }.uppercased()
        return ["SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "WITH", "VALUES", "TABLE"].contains(keyword)
    }
}

/// Statements that are executed as one transaction, in one flush.
///
/// In a pipeline all statements up to a synchronisation point form one implicit transaction: each takes its own
/// snapshot (READ COMMITTED), transaction-level advisory locks are held until the end, and an error undoes all of them.
/// A unit may also be a part of an explicit transaction (``PostgresStatement/begin``, ``PostgresStatement/commit``).
package struct PostgresUnit: Sendable {
    struct Step: Sendable {
        let statement: PostgresStatement
        let parameters: [PostgresValue]
    }

    private(set) var steps: [Step] = []

    /// Creates an empty unit.
    package init() {}

    /// Creates a unit of one statement.
    package init(_ statement: PostgresStatement, _ parameters: PostgresValue...) {
        self.steps = [Step(statement: statement, parameters: parameters)]
    }

    /// Adds a statement.
    package mutating func add(_ statement: PostgresStatement, _ parameters: PostgresValue...) {
        self.steps.append(Step(statement: statement, parameters: parameters))
    }

    /// Adds a statement with its parameters in an array.
    package mutating func add(_ statement: PostgresStatement, parameters: [PostgresValue]) {
        self.steps.append(Step(statement: statement, parameters: parameters))
    }

    /// How many statements it has.
    package var count: Int { self.steps.count }

    /// Whether it has no statement.
    package var isEmpty: Bool { self.steps.isEmpty }

    /// Bytes that it puts on the wire, near enough to bound what is in flight.
    var byteCount: Int {
        self.steps.reduce(0) { total, step in
            step.parameters.reduce(total + 64 + step.statement.sql.utf8.count) { $0 + $1.byteCount }
        }
    }

    /// What errors call the unit: its first statement.
    var label: String { self.steps.first?.statement.label ?? "unit" }
}
