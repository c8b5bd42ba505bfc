import PostgresClient
import PostgresStore
import TenureCore
import TestSupport
import Testing

@Suite("Upkeep", .needsPostgres, .timeLimit(.minutes(1)))
struct JanitorTests {
    private static let partitions = """
        SELECT string_agg(inhrelid::regclass::text, ' ' ORDER BY 1) FROM pg_inherits
        WHERE inhparent = 'runs'::regclass
        """

    @Test("A47: partitions are created ahead, and old ones are dropped with what they hold")
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

                try await store.maintain(epoch: Epoch(1), retention: Retention(runs: .seconds(7 * 86_400)))

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

    @Test("A47: dead letters stay for good, or go by whole weeks with a note; weeks of which nothing is left go anyway")
    func deadLetters() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(1) { connections in
                let connection = connections[0]
                func weeks() async throws -> Set<String> {
                    Set(
                        try await connection.text(
                            """
                            SELECT string_agg(inhrelid::regclass::text, ' ') FROM pg_inherits
                            WHERE inhparent = 'dead_letters'::regclass
                            """
                        ).split(separator: " ").map(String.init)
                    )
                }
                let present = try await weeks()
                #expect(present.count == 3, "this week, the next one, and the default: \(present)")
                try await connection.execute(
                    script: """
                        SELECT add_partition('dead_letters', 'failed_at', '2024-01-01', '7 days'),
                            add_partition('dead_letters', 'failed_at', '2024-01-08', '7 days');
                        INSERT INTO dead_letters (id, failed_at, due_at, created_at, backoff_base_ms, backoff_max_ms,
                            attempts, max_attempts, priority, crashes, kind, topic, payload)
                        SELECT i, t, t, t, 1, 1, 1, 1, 0, 0, 'timer', 'old', '{}'
                        FROM (VALUES (1, '2024-01-01 00:00Z'::timestamptz), (2, '2024-01-07 23:59Z'),
                            (3, '2020-02-02 00:00Z'), (4, now())) AS v (i, t);
                        """,
                    deadline: .soon
                )

                #expect(try await connection.text("SELECT drop_dead_letters(NULL)") == "1", "the empty week")
                #expect(try await connection.text("SELECT count(*) FROM dead_letters") == "4")
                #expect(try await connection.text("SELECT drop_dead_letters('90 days')") == "1")

                #expect(try await connection.text("SELECT string_agg(id::text, ' ') FROM dead_letters") == "4")
                #expect(try await weeks() == present)
                let note = "SELECT what || ' ' || name || ' ' || count FROM changes"
                #expect(try await connection.text(note) == "dead_letters.expired dead_letters_20240101 2")
            }
        }
    }

    @Test("A47: received messages are remembered for the retention and forgotten after half as long again")
    func inbox() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(1) { (connections: [PostgresConnection]) async throws -> Void in
                let connection = connections[0]
                func receive(_ message: String) async throws -> Bool {
                    try await connection.value("SELECT receive('s', '\(message)', 't')") != nil
                }
                /// Lets time pass and turns the ring if that is due.
                func pass(_ days: Int) async throws -> Bool {
                    try await connection.run(
                        """
                        UPDATE inbox_ring SET since = since - interval '\(days) days',
                            previous_since = previous_since - interval '\(days) days'
                        """
                    )
                    return try await connection.text("SELECT turn_inbox('30 days')") == "t"
                }

                #expect(try await !pass(100), "nothing was received")
                #expect(try await receive("a"))
                #expect(try await pass(0), "the first has been the newest for long")
                for message in ["b", "c"] {
                    #expect(try await !receive("a"))
                    #expect(try await receive(message))
                    #expect(try await !pass(14))
                    #expect(try await !receive(message))
                    #expect(try await pass(16))
                }

                #expect(try await receive("a"), "it is forgotten")
                #expect(try await !receive("b"))
                #expect(try await !receive("c"))
                #expect(try await connection.text("SELECT count(DISTINCT tableoid) FROM inbox") == "3")
            }
        }
    }

    @Test("A message that two receive at once while the inbox turns is taken once")
    func turningWhileReceiving() async throws {
        try await withStoreDatabase { database in
            let client = try database.client
            try await database.withConnections(2) { connections in
                let (janitor, receiver) = (connections[0], connections[1])
                let old = "UPDATE inbox_ring SET since = '-infinity', previous_since = '-infinity'"
                try await receiver.run("SELECT receive('s', 'first', 't')")
                // An open receipt keeps the ring from turning.
                try await receiver.run("BEGIN")
                try await receiver.run("SELECT receive('s', 'open', 't')")
                try await janitor.run(old)
                #expect(try await janitor.text("SELECT turn_inbox('1 hour')") == "f")
                try await receiver.run("COMMIT")

                var taken = 0
                for round in 0..<40 {
                    taken += try await withThrowingTaskGroup(of: Int.self) { group in
                        for _ in 0..<3 {
                            group.addTask {
                                let id = try await client.receive(source: "s", messageID: "\(round)", topic: "t")
                                return id == nil ? 0 : 1
                            }
                        }
                        _ = try await janitor.text("SELECT turn_inbox('1 hour')")
                        try await janitor.run(old)
                        return try await group.reduce(0, +)
                    }
                    #expect(taken == round + 1)
                }
            }
        }
    }

    @Test("A transaction that sees an older inbox than there is has to be repeated, and takes no message twice")
    func oldSnapshot() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(2) { connections in
                let (janitor, receiver) = (connections[0], connections[1])
                try await receiver.run("BEGIN ISOLATION LEVEL REPEATABLE READ")
                try await receiver.run("SELECT 1")
                try await janitor.run("SELECT receive('s', 'm', 't')")
                try await janitor.run("UPDATE inbox_ring SET since = '-infinity'")
                #expect(try await janitor.text("SELECT turn_inbox('1 hour')") == "t")

                #expect(try await receiver.failure("SELECT receive('s', 'm', 't')") == "40001")

                try await receiver.run("ROLLBACK")
                try await receiver.run("BEGIN ISOLATION LEVEL REPEATABLE READ")
                #expect(try await receiver.value("SELECT receive('s', 'm', 't')") == nil)
                try await receiver.run("COMMIT")
            }
        }
    }

    @Test("Changes are kept for their retention, at least a day")
    func changes() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(1) { connections in
                let connection = connections[0]
                try await connection.run(
                    """
                    INSERT INTO changes (at, what)
                    VALUES (now() - interval '91 days', 'old'), (now() - interval '89 days', 'new'), (now(), 'now')
                    """
                )
                try await connection.run("SELECT forget_changes('90 days')")
                #expect(try await connection.text("SELECT string_agg(what, ' ' ORDER BY id) FROM changes") == "new now")
                try await connection.run("SELECT forget_changes('0')")
                #expect(try await connection.text("SELECT string_agg(what, ' ') FROM changes") == "now")
            }
        }
    }
}
