import PostgresClient
import PostgresStore
import TenureCore
import TestSupport
import Testing

@Suite("Query plans", .needsPostgres, .timeLimit(.minutes(1)))
struct PlanTests {
    private static let batch = "00000000-0000-4000-8000-000000000001"

    /// Scan behind a cursor that stands at a row's place, claim, and settle in both ways.
    private static func cycle(_ connection: PostgresConnection, ids: String) async throws {
        try await connection.run(
            """
            SELECT count(*) FROM scan(
                1, pg_current_snapshot(), '{0}', ARRAY[now()], ARRAY[0]::bigint[], 1000, NULL)
            """
        )
        for state in ["retryable", "completed"] {
            try await connection.run("SELECT claim(1, '\(Self.batch)', 'node-1', 'a', \(ids), false)")
            let arrays = "ids, array_fill('\(state)'::text, ARRAY[n]), array_fill(now(), ARRAY[n])"
            let settle = """
                SELECT settle('\(Self.batch)', \(arrays), array_fill(now(), ARRAY[n]), array_fill(0::bigint, ARRAY[n]),
                    array_fill(NULL::text, ARRAY[n]), array_fill(NULL::text, ARRAY[n]))
                FROM (SELECT ids, cardinality(ids) AS n FROM claims) AS c
                """
            let completed = """
                SELECT settle_completed('\(Self.batch)', ids, array_fill(now(), ARRAY[n]), array_fill(now(), ARRAY[n]))
                FROM (SELECT ids, cardinality(ids) AS n FROM claims) AS c
                """
            try await connection.run(state == "completed" ? completed : settle)
        }
    }

    @Test("Plans that were made while the table was empty read no more than they have to when it has filled")
    func outlivedPlans() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(1) { connections in
                let owner = connections[0]
                try await owner.run("ALTER TABLE work SET (autovacuum_enabled = off)")
                try await owner.run("SELECT take_ownership(1, 'node-1', 'a')")
                let first = try await owner.text("SELECT enqueue('topic', ordering_key => 'key')")
                try await owner.run("VACUUM ANALYZE work")
                try await Self.cycle(owner, ids: "ARRAY[\(first)]::bigint[]")
                try await owner.run(
                    """
                    INSERT INTO work (kind, topic, ordering_key)
                    SELECT 'timer', 'topic', CASE WHEN i % 10 = 0 THEN 'key-' || i / 1000 END
                    FROM generate_series(1, 20000) AS i
                    """
                )
                let range = try await owner.run("SELECT min(id), min(id) + 199 FROM work")[0].compactMap { $0 }

                try await owner.run("BEGIN")
                let before = try await Self.rowsRead(owner)
                try await Self.cycle(owner, ids: "ARRAY(SELECT generate_series(\(range[0])::bigint, \(range[1])))")
                let after = try await Self.rowsRead(owner)
                try await owner.run("COMMIT")

                #expect(after - before < 2000, "200 rows are claimed twice and settled twice")
                #expect(try await owner.value("SELECT count(*) FROM runs WHERE state = 'completed'") != "1")
            }
        }
    }

    /// Rows of `work` that this transaction has fetched.
    private static func rowsRead(_ connection: PostgresConnection) async throws -> Int {
        let text = try await connection.text(
            """
            SELECT coalesce(idx_tup_fetch, 0) + seq_tup_read FROM pg_stat_xact_user_tables
            WHERE relname = 'work' AND schemaname = current_schema()
            """
        )
        return try #require(Int(text))
    }
}
