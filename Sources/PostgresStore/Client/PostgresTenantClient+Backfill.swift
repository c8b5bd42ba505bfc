internal import PostgresClient
package import TenureCore

/// What came of one occurrence of a backfill.
package struct BackfilledOccurrence: Sendable, Hashable {
    /// What is decided about it.
    package enum State: String, Sendable, Hashable {
        /// It is enqueued, or would be.
        case added
        /// There is work for it, a row in the history, or a dead letter.
        case present
        /// The schedule itself has yet to come to it.
        case upcoming
    }

    package var instant: ServerTime
    package var state: State
    /// The run, if it was enqueued by this call.
    package var run: WorkID?
}

/// Many occurrences, or many jobs, at once; each call is one transaction.
extension PostgresTenantClient {
    /// Enqueues those of the given occurrences of a job that have passed without a run, each once.
    ///
    /// - Parameters:
    ///   - instants: In any order, at most 100,000.
    ///   - isPlan: Nothing is enqueued; the answer tells what would be.
    /// - Returns: One for each distinct instant, in ascending order.
    /// - Throws: ``RefusedRequest`` or ``StoreError``.
    package func backfillJob(_ name: String, _ instants: [ServerTime], isPlan: Bool) async throws
        -> [BackfilledOccurrence]
    {
        let rows = try await self.query(
            Statements.clientBackfillJob.prepared(in: self.place.schema),
            "job.backfill",
            [.text(name), .timestamps(microseconds: instants.map(\.microseconds)), .bool(isPlan)],
            timeout: .seconds(60)
        )
        return try rows.map { row in
            let state = try row.string(1)
            guard let decided = BackfilledOccurrence.State(rawValue: state) else {
                throw StoreError(.schema, operation: "job.backfill", detail: "unknown state of an occurrence: \(state)")
            }
            return BackfilledOccurrence(
                instant: try row.time(0),
                state: decided,
                run: try row.optionalInt(2).map { WorkID(Int64($0)) }
            )
        }
    }

    /// Pauses the jobs of a topic, or all of them.
    ///
    /// - Returns: How many there are, and how many were not paused before.
    /// - Throws: ``RefusedRequest`` or ``StoreError``.
    package func pauseJobs(topic: String?) async throws -> (matching: Int, changed: Int) {
        try await self.change(Statements.clientPauseJobs, "job.pause", topic)
    }

    /// Resumes the jobs of a topic, or all of them.
    ///
    /// - Returns: How many there are, and how many were paused before.
    /// - Throws: ``RefusedRequest`` or ``StoreError``.
    package func resumeJobs(topic: String?) async throws -> (matching: Int, changed: Int) {
        try await self.change(Statements.clientResumeJobs, "job.resume", topic)
    }

    private func change(
        _ statement: Statement,
        _ operation: String,
        _ topic: String?
    ) async throws -> (matching: Int, changed: Int) {
        let row = try await self.query(statement.prepared(in: self.place.schema), operation, [.text(topic)]).single()
        return (try row.int(0), try row.int(1))
    }
}
