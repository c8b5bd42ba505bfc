import PostgresClient
import PostgresStore
import TenureCore
import TestSupport
import Testing

@Suite("Traps of sleeping and scanning", .needsPostgres, .timeLimit(.minutes(1)))
struct WakeTrapTests {
    private static let never = "2999-01-01"

    private static func scan(
        seen: String? = nil,
        after: (due: String, id: String) = ("-infinity", "0"),
        sleep: String? = nil
    ) -> String {
        let seen = seen.map { "'\($0)'" } ?? "NULL"
        let sleep = sleep.map { "'\($0)'" } ?? "NULL"
        return """
            SELECT id, due_at, snapshot, asleep FROM scan(
                1, \(seen), '{0}', ARRAY['\(after.due)'::timestamptz], ARRAY[\(after.id)]::bigint[], 100, \(sleep))
            """
    }

    /// Waits for notifications up to a mark of this test's own, and returns how many came before it.
    private static func notifications(
        on listener: PostgresConnection,
        _ events: AsyncStream<String>,
        mark sender: PostgresConnection
    ) async throws -> Int {
        try await sender.run("SELECT pg_notify('mark', '')")
        var count = 0
        for await channel in events {
            if channel == "mark" { return count }
            count += 1
        }
        return count
    }

    private static func listen(_ connection: PostgresConnection) async throws -> AsyncStream<String> {
        let (events, continuation) = AsyncStream.makeStream(of: String.self)
        await connection.onNotification { continuation.yield($0.channel) }
        let channel = try await connection.text("SELECT wake_channel()")
        try await connection.listen(channel, deadline: .soon)
        try await connection.listen("mark", deadline: .soon)
        return events
    }

    @Test("An enqueue that read that the owner was awake is lost to a sleep published without the gate")
    func publishing() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(3) { connections in
                let (owner, user, listener) = (connections[0], connections[1], connections[2])
                try await owner.run("SELECT take_ownership(1, 'node-1', 'a')")
                let events = try await Self.listen(listener)

                // The trap: look, then publish.
                try await user.run("BEGIN")
                try await user.run("SELECT enqueue('topic')")
                let last = try await owner.run(Self.scan())
                try await owner.run("UPDATE wakeup SET sleep_until = '\(Self.never)'")
                try await user.run("COMMIT")
                #expect(last.count == 1, "nothing but the summary: the row was not to be seen yet")
                #expect(try await Self.notifications(on: listener, events, mark: user) == 0, "the trap: nobody is told")
                try await owner.run("UPDATE wakeup SET sleep_until = '-infinity'")
                try await owner.run("DELETE FROM work")

                // The cure: the sleep is not published while an enqueue is under way, and the owner looks again.
                try await user.run("BEGIN")
                let id = try await user.text("SELECT enqueue('topic')")
                let refused = try await owner.run(Self.scan(sleep: Self.never))
                #expect(refused.last?[3] == "f")
                #expect(try await owner.value("SELECT sleep_until FROM wakeup") == "-infinity")
                try await user.run("COMMIT")
                let again = try await owner.run(Self.scan(sleep: Self.never))
                #expect(again.count == 2 && again[0][0] == id)
            }
        }
    }

    @Test("An enqueue that is due before the owner wakes notifies, another does not")
    func notifying() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(3) { connections in
                let (owner, user, listener) = (connections[0], connections[1], connections[2])
                try await owner.run("SELECT take_ownership(1, 'node-1', 'a')")
                let events = try await Self.listen(listener)
                func told(after sql: String) async throws -> Int {
                    try await user.run(sql)
                    return try await Self.notifications(on: listener, events, mark: user)
                }

                let awake = try await told(after: "SELECT enqueue('topic')")
                #expect(awake == 0, "the owner is awake")
                try await owner.run("DELETE FROM work")
                let published = try await owner.run(Self.scan(sleep: Self.never))
                #expect(published.last?[3] == "t")
                #expect(try await told(after: "SELECT schedule_timer('topic', '3000-01-01')") == 0)
                #expect(try await told(after: "SELECT schedule_timer('topic', '2998-01-01')") == 1)
                #expect(try await told(after: "SELECT receive('source', 'message', 'topic')") == 1)
                #expect(try await told(after: "SELECT schedule_job('job', 'topic', '@daily')") == 1)
                #expect(try await told(after: "SELECT schedule_job('job', 'topic', '@daily')") == 0, "nothing changed")
                #expect(try await told(after: "SELECT pause_job('job')") == 1)
                #expect(try await told(after: "SELECT trigger_job('job')") == 1)
            }
        }
    }

    @Test("A row that commits late, behind the cursor, is found by its transaction")
    func lateCommit() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(3) { connections in
                let (owner, slow, fast) = (connections[0], connections[1], connections[2])
                try await owner.run("SELECT take_ownership(1, 'node-1', 'a')")
                try await slow.run("BEGIN")
                let late = try await slow.text("SELECT enqueue('topic')")
                let early = try await fast.text("SELECT enqueue('topic')")

                let first = try await owner.run(Self.scan())
                let cursor = (due: try #require(first[0][1]), id: early)
                let seen = try #require(first.last?[2])
                #expect(first.map { $0[0] } == [early, nil])
                try await slow.run("COMMIT")

                #expect(
                    try await owner.run(Self.scan(after: cursor)).map { $0[0] } == [nil],
                    "the trap: the cursor alone"
                )
                let second = try await owner.run(Self.scan(seen: seen, after: cursor))
                #expect(second.map { $0[0] } == [late, nil])
                let third = try await owner.run(Self.scan(seen: try #require(second.last?[2]), after: cursor))
                #expect(third.map { $0[0] } == [nil], "once is enough")
            }
        }
    }

    @Test("A transaction that stays open for long does not make scans read the same rows again")
    func longTransaction() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(2) { connections in
                let (owner, slow) = (connections[0], connections[1])
                try await owner.run("SELECT take_ownership(1, 'node-1', 'a')")
                try await slow.run("BEGIN")
                try await slow.run("SELECT pg_current_xact_id()")
                let id = try await owner.text("SELECT enqueue('topic')")
                let first = try await owner.run(Self.scan())
                let cursor = (due: try #require(first[0][1]), id: id)

                let second = try await owner.run(Self.scan(seen: try #require(first.last?[2]), after: cursor))

                #expect(
                    second.map { $0[0] } == [nil],
                    "its transaction is younger than the open one, and has been seen"
                )
                try await slow.run("ROLLBACK")
            }
        }
    }

    @Test("A follower that commits while its head ends is found, whatever a scan saw in between")
    func followerDuringRelease() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(3) { connections in
                let (owner, settler, user) = (connections[0], connections[1], connections[2])
                try await owner.run("SELECT take_ownership(1, 'node-1', 'a')")
                let enqueue = "SELECT enqueue('topic', ordering_key => 'key')"
                let head = try await user.text(enqueue)
                let first = try await owner.run(Self.scan())
                #expect(first.map { $0[0] } == [head, nil])
                let batch = "00000000-0000-4000-8000-000000000001"
                try await owner.run("SELECT claim(1, '\(batch)', 'node-1', 'a', ARRAY[\(head)]::bigint[], false)")

                // The settlement has looked for followers, and has not committed.
                try await settler.run("BEGIN")
                try await settler.run(
                    "SELECT settle_completed('\(batch)', ARRAY[\(head)]::bigint[], ARRAY[now()], ARRAY[now()])"
                )
                let follower = try await user.text(enqueue)
                // This scan sees the follower behind its head: it moves on, and will not see the row as late again.
                var cursor = (due: try #require(first[0][1]), id: head)
                let between = try await owner.run(Self.scan(seen: try #require(first.last?[2]), after: cursor))
                let blocked = try await owner.run(
                    """
                    SELECT id FROM scan(1, NULL, '{0}', '{-infinity}', '{0}', 10, NULL) WHERE NOT blocked
                    """
                )
                #expect(blocked == [[head]])
                for row in between where row[0] == follower { cursor = (try #require(row[1]), follower) }
                #expect(cursor.id == follower)
                try await settler.run("COMMIT")

                let last = try await owner.run(Self.scan(seen: try #require(between.last?[2]), after: cursor))
                #expect(last.map { $0[0] } == [follower, nil])
            }
        }
    }

    @Test("Of one ordering key one is claimed at a time, also when an older one commits late")
    func orderingKeys() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(3) { connections in
                let (owner, slow, user) = (connections[0], connections[1], connections[2])
                try await owner.run("SELECT take_ownership(1, 'node-1', 'a')")
                let enqueue = "SELECT enqueue('topic', ordering_key => 'key')"
                try await slow.run("BEGIN")
                let older = try await slow.text(enqueue)
                let younger = try await user.text(enqueue)
                func claim(_ ids: String) async throws -> String? {
                    try await owner.value(
                        "SELECT claim(1, gen_random_uuid(), 'node-1', 'a', ARRAY[\(ids)]::bigint[], false)"
                    )
                }

                let first = try await claim(younger)
                #expect(first == "{\(younger)}")
                try await slow.run("COMMIT")
                #expect(try await claim(older) == "{}", "the key is in a claim")
                try await owner.run("DELETE FROM claims")
                #expect(try await claim("\(older), \(younger)") == "{\(older)}", "the head only")
            }
        }
    }

    @Test("A user's transaction that is changing a job does not hold the owner up")
    func jobBeingChanged() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(2) { connections in
                let (owner, user) = (connections[0], connections[1])
                try await owner.run("SELECT take_ownership(1, 'node-1', 'a')")
                try await user.run("SELECT schedule_job('job', 'topic', '@hourly')")
                let materialise = """
                    SELECT count(*) FROM materialise(
                        1, 'job', 1, NULL, ARRAY[date_trunc('hour', now())], '{}', '{}', NULL)
                    """
                try await user.run("BEGIN")
                try await user.run("SELECT pause_job('job')")
                try await owner.run("SET lock_timeout = '2s'")

                #expect(try await owner.value(materialise) == "0", "a conflict, at once")
                try await user.run("ROLLBACK")
                #expect(try await owner.value(materialise) == "2")
                #expect(try await owner.value(materialise) == "0", "the last occurrence has moved on")
            }
        }
    }
}
