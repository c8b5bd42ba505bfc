/// The transaction that a transactional handler has in its tenant's database, for as long as the handler runs.
///
/// READ COMMITTED. What is written here commits together with the completion of the run, and is rolled back if the
/// handler throws, its task is cancelled in the middle of a statement, or its claim no longer stands. `COMMIT`,
/// `ROLLBACK` and the like are refused; savepoints may be used.
///
/// Statements take one command each and parameters `$1`, `$2`, …. Tables of the application need their schema, or the
/// role's `search_path`.
public struct TenantTransaction: Sendable {
    private let session: any SQLSession

    init(_ session: any SQLSession) {
        self.session = session
    }

    /// The tenant's schema, quoted: its functions are called as `\(transaction.schema).enqueue(…)`.
    public var schema: String { self.session.schema }

    /// Runs a statement.
    ///
    /// - Returns: How many rows it inserted, updated or deleted.
    /// - Throws: ``StatementError``.
    @discardableResult
    public func execute(_ sql: String, _ parameters: SQLValue...) async throws(StatementError) -> Int {
        try await self.session.run(sql, parameters).affectedRows
    }

    /// Runs a statement and returns its rows.
    ///
    /// - Throws: ``StatementError``.
    public func query(_ sql: String, _ parameters: SQLValue...) async throws(StatementError) -> [SQLRow] {
        try await self.session.run(sql, parameters).rows
    }

    /// Runs a statement with its parameters in an array.
    ///
    /// - Throws: ``StatementError``.
    public func run(_ sql: String, parameters: [SQLValue]) async throws(StatementError) -> SQLResult {
        try await self.session.run(sql, parameters)
    }

    /// Enqueues a message of this tenant in the same transaction: it is sent if and only if the run completes.
    ///
    /// - Returns: Its ID; that of the present one if the unique key is taken.
    /// - Throws: ``StatementError``.
    @discardableResult
    public func enqueue(
        _ topic: String,
        payload: String = "{}",
        due: WorkDue = .now,
        options: WorkOptions = WorkOptions()
    ) async throws(StatementError) -> WorkID {
        let (instant, delay): (SQLValue, SQLValue) =
            switch due {
            case .now: (nil, 0)
            case .after(let delay): (nil, .int(max(0, delay.microseconds)))
            case .at(let instant): (.time(instant), 0)
            }
        let sql = """
            SELECT \(self.schema).enqueue(
                $1, $2, unique_key => $3, ordering_key => $4, priority => $5::integer, max_attempts => $6::integer,
                correlation_id => $7, due_at => coalesce($8::timestamptz, now() + $9 * interval '1 microsecond'),
                timeout => $10 * interval '1 millisecond', backoff_base => $11 * interval '1 millisecond',
                backoff_max => $12 * interval '1 millisecond', trace_context => $13, retry => $14,
                retry_for => $15 * interval '1 millisecond', limit_key => $16, on_conflict => $17,
                unique_states => $18, unique_for => $19 * interval '1 millisecond') AS id
            """
        let rows = try await self.query(
            sql,
            .text(topic),
            .json(payload),
            SQLValue(options.uniqueKey),
            SQLValue(options.orderingKey),
            .int(options.priority),
            .int(options.retry.maxAttempts),
            SQLValue(options.correlationID),
            instant,
            delay,
            SQLValue(options.timeout),
            .int(options.retry.baseDelayMilliseconds),
            .int(options.retry.maxDelayMilliseconds),
            SQLValue(options.traceContext),
            SQLValue(options.retry.delays?.description),
            SQLValue(options.retry.retryFor),
            SQLValue(options.limitKey),
            .text(options.onConflict.rawValue),
            .text(options.uniqueStates.rawValue),
            SQLValue(options.uniqueFor)
        )
        guard let row = rows.first else { throw StatementError(message: "enqueue returned nothing") }
        return WorkID(try row.decode("id", as: Int64.self))
    }
}

extension SQLValue {
    /// A `text`, or NULL.
    fileprivate init(_ text: String?) {
        self = text.map(SQLValue.text) ?? .null
    }

    /// Milliseconds as a `bigint`, or NULL.
    fileprivate init(_ duration: Duration?) {
        self = duration.map { .int($0.milliseconds) } ?? .null
    }
}
