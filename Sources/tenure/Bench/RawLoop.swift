internal import PostgresClient

/// The limit: a bare loop over libpq that reads a batch in order, then deletes it with its history in one statement.
///
/// One connection, prepared statements, a cursor so that it never reads what it has deleted; no lock, no fence, no
/// claim, no retry: what the same tables on the same server can do at most for somebody who waits for each answer.
struct RawLoop: Sendable {
    let schema: String
    let batchSize: Int

    /// Runs until nothing is due, and returns how long that took.
    func run(on connection: PostgresConnection, count: Int) async throws -> Duration {
        let read = PostgresStatement(
            "raw_read_\(self.schema)",
            """
            SELECT id, due_at, topic, payload FROM "\(self.schema)".work
            WHERE (priority, due_at, id) > (0, $1, $2) AND priority = 0 AND due_at <= now()
            ORDER BY priority, due_at, id LIMIT $3
            """
        )
        let complete = PostgresStatement(
            "raw_complete_\(self.schema)",
            """
            WITH gone AS (DELETE FROM "\(self.schema)".work WHERE id = ANY ($1) RETURNING *)
            INSERT INTO "\(self.schema)".runs (
                run_id, attempt, epoch, scheduled_for, due_at, started_at, finished_at, kind, topic, state, node,
                job_name, correlation_id)
            SELECT id, attempts + 1, 1, scheduled_for, due_at, now(), now(), kind, topic, 'completed', 'raw', job_name,
                   correlation_id
            FROM gone
            """
        )
        let start = ContinuousClock.now
        var cursor: (dueAt: Int64, id: Int64) = (0, 0)
        var done = 0
        while done < count {
            let rows = try await connection.query(
                read,
                .timestamp(microseconds: cursor.dueAt),
                .int(cursor.id),
                .int(self.batchSize),
                deadline: Database.deadline
            )
            guard let last = rows.last else { break }
            let ids = try rows.map { row throws(PostgresError) in Int64(try row.int(0)) }
            cursor = (try last.microseconds(1), Int64(try last.int(0)))
            done += try await connection.query(complete, .ints(ids), deadline: Database.deadline).affected
        }
        let duration = ContinuousClock.now - start
        guard done == count else { throw Failure(.failed, "the raw loop completed \(done) of \(count) timers") }
        return duration
    }
}
