package import PostgresClient
package import TenureCore

/// A tenant's schema as it was at one instant: everything that is read from it belongs together.
///
/// One transaction (REPEATABLE READ, read only). It keeps partitions of the history from being dropped while it lasts,
/// and is bounded in time by its deadline.
package struct TenantSnapshot: Sendable {
    /// The most claims that are read.
    package static let claimLimit = 10_000

    private let connection: PostgresConnection
    private let schema: SchemaName
    private let deadline: ContinuousClock.Instant

    fileprivate init(_ connection: PostgresConnection, _ schema: SchemaName, _ deadline: ContinuousClock.Instant) {
        self.connection = connection
        self.schema = schema
        self.deadline = deadline
    }

    /// Takes the snapshot, once the transaction has begun.
    fileprivate func begin() async throws(PostgresError) {
        for sql in [
            "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
            // A partition that is dropped between two statements would look like a gap in the history.
            "LOCK TABLE __schema__.runs IN ACCESS SHARE MODE",
            "SET LOCAL TimeZone = 'UTC'",
        ] {
            _ = try await self.connection.query(.unnamed(self.schema.fill(sql)), deadline: self.deadline)
        }
    }

    /// Where the tenant stands; `nil` when the fence or the wake-up row is not the only one of its table.
    package func standing() async throws(PostgresError) -> TenantStanding? {
        guard let row = try await self.query(Statements.auditState).first else { return nil }
        var waiting: TenantStanding.Waiting?
        if let id = try row.optionalInt(6) { waiting = .init(id: WorkID(Int64(id)), dueAt: try row.time(7)) }
        return TenantStanding(
            now: try row.time(0),
            epoch: Epoch(Int64(try row.int(1))),
            node: try row.string(2),
            incarnation: Incarnation(try row.string(3)),
            since: try row.time(4),
            sleepUntil: try row.time(5),
            waiting: waiting,
            historyFrom: try row.optionalTime(8)
        )
    }

    /// The claims that stand, the oldest first.
    package func claims() async throws(PostgresError) -> [ClaimFacts] {
        try await self.query(Statements.auditClaims, .int(Self.claimLimit)).map { row throws(PostgresError) in
            ClaimFacts(
                batch: try row.string(0),
                node: try row.string(1),
                incarnation: Incarnation(try row.string(2)),
                epoch: Epoch(Int64(try row.int(3))),
                claimedAt: try row.time(4),
                lentUntil: try row.optionalTime(5),
                ids: try row.ints(6).map(Int64.init),
                keys: try row.strings(7),
                keysOfWork: try row.strings(8),
                missing: try row.ints(9).map(Int64.init)
            )
        }
    }

    /// The history by epoch, in ascending order.
    package func epochs(since: ServerTime?) async throws(PostgresError) -> [EpochFacts] {
        try await self.query(Statements.auditEpochs, .timestamp(microseconds: since?.microseconds))
            .map { row throws(PostgresError) in
                EpochFacts(
                    epoch: Epoch(Int64(try row.int(0))),
                    rows: try row.int(1),
                    firstNode: try row.optionalString(2),
                    lastNode: try row.optionalString(3),
                    started: Self.range(try row.optionalTime(4), try row.optionalTime(5)),
                    skipped: Self.range(try row.optionalTime(6), try row.optionalTime(7))
                )
            }
    }

    /// The jobs that are not deleted, by name.
    package func jobs() async throws(PostgresError) -> [JobRecord] {
        try await self.query(Statements.clientJobs, .null(.text), .texts([String]())).map(JobRecord.init)
    }

    /// What is recorded of a job's occurrences later than an instant, in ascending order.
    package func occurrences(of job: String, after instant: ServerTime) async throws(PostgresError)
        -> [RecordedOccurrence]
    {
        let row = try await self.query(
            Statements.auditOccurrences,
            .text(job),
            .timestamp(microseconds: instant.microseconds),
            .timestamp(microseconds: .max)
        ).single()
        let (instants, ids) = (try row.microsecondsArray(0), try row.ints(1))
        let standing = try row.bools(2)
        return instants.indices.map {
            RecordedOccurrence(instant: instants[$0], id: Int64(ids[$0]), standsForEarlier: standing[$0])
        }
    }

    /// The rows that a query finds, each a JSON object.
    ///
    /// - Parameters:
    ///   - since: History that ended before is left out, where the query is about history.
    ///   - limit: The most that is returned.
    package func rows(
        of query: AuditQuery,
        since: ServerTime?,
        limit: Int
    ) async throws(PostgresError) -> [String] {
        var parameters: [PostgresValue] = [.timestamp(microseconds: since?.microseconds), .int(limit)]
        if query == .indexes {
            parameters += [.texts(ExpectedIndexes.all.tables), .texts(ExpectedIndexes.all.indexes)]
        }
        return try await self.query(query.statement, parameters: parameters)
            .map { row throws(PostgresError) in try row.string(0) }
    }

    func query(
        _ statement: Statement,
        _ parameters: PostgresValue...
    ) async throws(PostgresError) -> PostgresRows {
        try await self.query(statement, parameters: parameters)
    }

    private func query(
        _ statement: Statement,
        parameters: [PostgresValue]
    ) async throws(PostgresError) -> PostgresRows {
        precondition(parameters.count == statement.parameterCount, "\(statement.name) has other parameters")
        return try await self.connection.query(
            statement.prepared(in: self.schema),
            parameters: parameters,
            deadline: self.deadline
        )
    }

    private static func range(_ first: ServerTime?, _ last: ServerTime?) -> ClosedRange<ServerTime>? {
        guard let first, let last else { return nil }
        return first...last
    }
}

extension PostgresTenantClient {
    /// Reads a schema as it is at one instant. Changes nothing.
    ///
    /// - Parameter timeout: Connecting, and everything that the body reads.
    /// - Throws: ``StoreError``, or what the body throws.
    package func withSnapshot<Value: Sendable>(
        timeout: Duration,
        _ body: (TenantSnapshot) async throws -> Value
    ) async throws -> Value {
        let deadline = ContinuousClock.now + timeout
        do {
            return try await self.pools.withConnection(
                to: self.place.target,
                purpose: .housekeeping,
                deadline: deadline
            ) { connection in
                try await connection.transaction(deadline: deadline) { connection in
                    let snapshot = TenantSnapshot(connection, self.place.schema, deadline)
                    try await snapshot.begin()
                    return try await body(snapshot)
                }
            }
        } catch let error as PostgresError {
            throw StoreError(error, operation: "tenant.read")
        }
    }
}
