internal import PostgresClient

/// What became of a sample tenant's work, as its database tells.
struct SampleTally: Sendable, Hashable {
    let tenant: String
    /// Seconds at which the job was due, timers that came due, and messages.
    let due: Int64
    let completed: Int64
    let completedTwice: Int64
    let missed: Int64

    /// Whether each came to its end exactly once.
    var isClean: Bool { self.missed == 0 && self.completedTwice == 0 }

    /// $1 cutoff, $2 name of the job.
    static let sql = """
        WITH occurrences AS (
            SELECT instant FROM tenure.jobs AS j,
                generate_series(date_trunc('second', j.planned_from) + interval '1 second', $1, '1 second') AS instant
            WHERE j.name = $2
        ), completions AS (
            SELECT o.instant::text AS what, count(r.run_id) AS times
            FROM occurrences AS o
            LEFT JOIN tenure.runs AS r ON r.job_name = $2 AND r.scheduled_for = o.instant AND r.state = 'completed'
            GROUP BY o.instant
            UNION ALL
            SELECT s.id::text, count(r.run_id)
            FROM sent AS s
            LEFT JOIN tenure.runs AS r ON r.run_id = s.id AND r.state = 'completed'
            WHERE s.due_at <= $1
            GROUP BY s.id
        )
        SELECT count(*), count(*) FILTER (WHERE times > 0), count(*) FILTER (WHERE times > 1),
               count(*) FILTER (WHERE times = 0)
        FROM completions
        """

    init(tenant: String, row: PostgresRow) throws(PostgresError) {
        self.tenant = tenant
        self.due = Int64(try row.int(0))
        self.completed = Int64(try row.int(1))
        self.completedTwice = Int64(try row.int(2))
        self.missed = Int64(try row.int(3))
    }

    var json: JSON {
        .object([
            "id": .string(self.tenant),
            "due": .integer(self.due),
            "completed": .integer(self.completed),
            "completed_twice": .integer(self.completedTwice),
            "missed": .integer(self.missed),
        ])
    }
}
