internal import IOReactor
internal import PostgresClient
internal import PostgresStore

/// A sample tenant: a database of its own with a job due every second, and with timers and messages from its traffic.
struct SampleTenant: Sendable {
    /// The recurring job's name.
    static let jobName = "every-second"

    /// Its tenant ID.
    let id: String
    /// Where its database is.
    let url: String
    private let database: Database

    /// Creates the database, its schema, and the job.
    static func create(
        _ id: String,
        on postgres: PrivatePostgres,
        administrator: Database,
        reactor: IOReactor
    ) async throws -> SampleTenant {
        try await administrator.execute("CREATE DATABASE \"\(id)\"")
        let url = postgres.url(database: id)
        let database = try await Database(url, reactor: reactor)
        try await SchemaMigrator(tenant: .tenant).migrate(database.connection, deadline: Database.deadline)
        // What the application believes it has sent, written in the transaction that sends: so the summary can tell
        // what is missing without asking Tenure.
        try await database.execute("CREATE TABLE sent (id bigint PRIMARY KEY, due_at timestamptz NOT NULL)")
        try await database.execute(
            "SELECT tenure.schedule_job('\(Self.jobName)', 'sample.tick', cron => '* * * * * *', misfire => 'all')"
        )
        return SampleTenant(id: id, url: url, database: database)
    }

    /// Does as an application would: each second a timer that is due soon, and a message, in one transaction.
    func makeTraffic() async {
        let send = """
            WITH timer AS (SELECT now() + interval '700 milliseconds' AS due_at),
            work AS (
                SELECT tenure.schedule_timer('sample.timer', due_at, '{"n": 1}') AS id, due_at FROM timer
                UNION ALL SELECT tenure.enqueue('sample.message', '{"text": "hello"}'), now()
            )
            INSERT INTO sent SELECT id, due_at FROM work
            """
        while !Task.isCancelled {
            do {
                try await self.database.query(send)
                try await Task.sleep(for: .seconds(1))
            } catch is CancellationError {
                return
            } catch {
                // Without its transaction nothing was sent, and nothing is missing.
                StandardStreams.writeError("warning: traffic of \(self.id) interrupted: \(error)")
                return
            }
        }
    }

    /// The present moment by its Postgres, in microseconds since 1970.
    func now() async throws -> Int64 {
        try await self.database.query("SELECT now()").single().microseconds(0)
    }

    /// Whether everything that was due by then has come to its end.
    func isDone(by cutoff: Int64) async throws -> Bool {
        let sql = """
            SELECT NOT EXISTS (SELECT FROM tenure.work WHERE due_at <= $1)
                AND NOT EXISTS (SELECT FROM tenure.jobs WHERE next_due <= $1)
            """
        return try await self.database.query(sql, .timestamp(microseconds: cutoff)).single().bool(0)
    }

    /// Compares what was due by then with what the history says.
    func tally(by cutoff: Int64) async throws -> SampleTally {
        let rows = try await self.database.query(
            SampleTally.sql,
            .timestamp(microseconds: cutoff),
            .text(Self.jobName)
        )
        return try SampleTally(tenant: self.id, row: rows.single())
    }

    func close() async {
        await self.database.close()
    }
}
