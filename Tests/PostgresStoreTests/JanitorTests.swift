import PostgresClient
import PostgresStore
import TenureCore
import TestSupport
import Testing

@Suite("Upkeep of the history", .needsPostgres, .timeLimit(.minutes(1)))
struct JanitorTests {
    private static let partitions = """
        SELECT string_agg(inhrelid::regclass::text, ' ' ORDER BY 1) FROM pg_inherits
        WHERE inhparent = 'runs'::regclass
        """

    @Test("Partitions are created ahead, and old ones are dropped with what they hold")
    func partitions() async throws {
        try await withStoreDatabase { database in
            let stores = PostgresTenantStores(pools: database.pools)
            let store = database.store(stores)
            try await store.become(owner: Owner.first, 1)
            try await database.withConnections(1) { connections in
                let connection = connections[0]
                try await connection.execute(
                    script: """
                        CREATE TABLE runs_20200101 PARTITION OF runs FOR VALUES FROM ('2020-01-01Z') TO ('2020-01-02Z');
                        INSERT INTO runs (run_id, attempt, finished_at, kind, topic, state)
                        VALUES (1, 1, '2020-01-01 12:00Z', 'timer', 'old', 'completed'),
                            (2, 1, '2020-02-02 12:00Z', 'timer', 'late', 'completed'),
                            (3, 1, now(), 'timer', 'new', 'completed');
                        DO $$ BEGIN EXECUTE 'DROP TABLE ' || (
                            SELECT max(tablename) FROM pg_tables WHERE tablename ~ '^runs_[0-9]{8}$'); END $$;
                        """,
                    deadline: .soon
                )

                try await store.maintain(epoch: Epoch(1), retention: .seconds(7 * 86_400))

                #expect(try await connection.value("SELECT string_agg(topic, ' ') FROM runs") == "new")
                let names = try await connection.text(Self.partitions).split(separator: " ")
                #expect(names.count == 10, "yesterday, today, a week, and the default: \(names)")
                #expect(!names.contains { $0.contains("2020") })
            }
            await stores.close()
        }
    }

    @Test("What fell into the default partition moves to its own when that is created")
    func defaultPartition() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(1) { connections in
                let connection = connections[0]
                try await connection.execute(
                    script: """
                        DO $$ DECLARE p text; BEGIN
                            FOR p IN SELECT tablename FROM pg_tables WHERE tablename ~ '^runs_[0-9]{8}$' LOOP
                                EXECUTE 'DROP TABLE ' || p;
                            END LOOP;
                        END $$;
                        INSERT INTO runs (run_id, attempt, finished_at, kind, topic, state)
                        VALUES (1, 1, now(), 'timer', 'topic', 'completed');
                        """,
                    deadline: .soon
                )
                #expect(try await connection.value("SELECT count(*) FROM runs_default") == "1")

                #expect(try await connection.value("SELECT ensure_partitions(2)") == "4")

                #expect(try await connection.value("SELECT count(*) FROM runs_default") == "0")
                #expect(try await connection.value("SELECT count(*) FROM runs") == "1")
                #expect(try await connection.value("SELECT ensure_partitions(2)") == "0")
            }
        }
    }

    @Test("A reader of the history does not make the upkeep wait, nor the completions behind it")
    func readers() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(2) { connections in
                let (reader, janitor) = (connections[0], connections[1])
                try await janitor.run(
                    "CREATE TABLE runs_20200101 PARTITION OF runs FOR VALUES FROM ('2020-01-01Z') TO ('2020-01-02Z')"
                )
                try await reader.run("BEGIN")
                try await reader.run("SELECT count(*) FROM runs")

                #expect(try await janitor.value("SELECT drop_partitions('7 days')") == "0")
                try await reader.run("COMMIT")
                #expect(try await janitor.value("SELECT drop_partitions('7 days')") == "1")
            }
        }
    }
}
