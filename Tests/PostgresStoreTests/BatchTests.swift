import PostgresClient
import PostgresStore
import TenureCore
import TestSupport
import Testing

@Suite("Many messages at once", .needsPostgres, .timeLimit(.minutes(1)))
struct BatchTests {
    @Test("IDs come in the order of the payloads; a unique key that is taken gives the ID of who has it")
    func batch() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(1) { connections in
                let user = connections[0]
                let plain =
                    "SELECT enqueue_many('t', ARRAY['1', '2', '3']::jsonb[], ordering_keys => ARRAY['a', NULL, 'b'])"
                #expect(try await user.value(plain) == "{1,2,3}")
                let rows = "SELECT payload, ordering_key, kind FROM work ORDER BY id"
                #expect(
                    try await user.run(rows) == [["1", "a", "outbox"], ["2", nil, "outbox"], ["3", "b", "outbox"]]
                )
                let keyed =
                    "SELECT enqueue_many('t', ARRAY['1', '2', '3']::jsonb[], unique_keys => ARRAY['x', NULL, 'x'])"
                let ids = try await user.run("SELECT unnest(enqueue_many) FROM (\(keyed)) AS q").map { $0[0] }
                #expect(ids.count == 3 && ids[0] == ids[2] && ids[0] != ids[1])
                #expect(try await user.value("SELECT enqueue_many('t', '{}')") == "{}")
                for wrong in [
                    "'t t', ARRAY['1']::jsonb[]", "'t', ARRAY['1', '2']::jsonb[], unique_keys => ARRAY['x']",
                    "'t', ARRAY['1']::jsonb[], priority => 10", "'t', array_fill('1'::jsonb, ARRAY[100001])",
                ] {
                    #expect(try await user.failure("SELECT enqueue_many(\(wrong))") == "22023", "\(wrong)")
                }
                #expect(try await user.failure("SELECT enqueue_many('t', ARRAY[NULL]::jsonb[])") == "22004")
                #expect(try await user.value("SELECT count(*) FROM work") == "5")
            }
        }
    }

    @Test("A sleeping owner is woken once by a batch, and by a COPY")
    func waking() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(1) { connections in
                let (listener, signals) = (connections[0], AsyncStream.makeStream(of: Void.self))
                await listener.onNotification { _ in signals.continuation.yield() }
                try await listener.run("UPDATE wakeup SET sleep_until = now() + interval '1 hour'")
                try await listener.run("LISTEN \"tenure:\(database.schema)\"")
                let payloads = "ARRAY(SELECT to_jsonb(i) FROM generate_series(1, 500) AS i)"
                try await listener.run("SELECT enqueue_many('t', \(payloads))")
                _ = await signals.stream.first { _ in true }

                let count = try await listener.copyIn(
                    "COPY work_in (topic, payload, unique_key, priority) FROM STDIN",
                    deadline: .soon
                ) { writer in
                    for number in 1...300 { try await writer.write("copied\t{\"n\": \(number)}\tkey-\(number)\t3\n") }
                }
                _ = await signals.stream.first { _ in true }

                #expect(count == 300)
                let sql = """
                    SELECT count(*), sum((payload->>'n')::int), min(priority), min(kind)
                    FROM work WHERE topic = 'copied'
                    """
                #expect(try await listener.run(sql) == [["300", "45150", "3", "outbox"]])
            }
        }
    }

    @Test("A COPY with one wrong row adds nothing, and says which")
    func wrongCopy() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(1) { connections in
                let user = connections[0]
                let error = await #expect(throws: PostgresError.self) {
                    try await user.copyIn("COPY work_in (topic) FROM STDIN", deadline: .soon) { writer in
                        try await writer.write("good\nnot good\n")
                    }
                }
                #expect(error?.sqlState?.rawValue == "22023")
                let left = try await user.text("SELECT (SELECT count(*) FROM work) + (SELECT count(*) FROM work_in)")
                #expect(left == "0")
            }
        }
    }

    @Test("Row 87: a fan-out goes on where its last step was committed: nothing twice, nothing left out")
    func fanOut() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(2) { connections in
                let (user, other) = (connections[0], connections[1])
                try await user.run("CREATE TABLE public.customers AS SELECT i AS id FROM generate_series(1, 25) AS i")
                let query = "SELECT id AS key, to_jsonb(c) AS payload FROM public.customers AS c"
                let begin = "SELECT begin_fan_out('news', 'mail', '\(query)', 'mails.sent')"
                #expect(try await user.value(begin) == "t")
                #expect(try await user.value("SELECT fan_out_step('news', 10)") == "10")
                // A crash in the middle of a step.
                try await user.run("BEGIN")
                #expect(try await user.value("SELECT fan_out_step('news', 10)") == "10")
                try await user.run("ROLLBACK")
                #expect(try await user.value(begin) == "f", "it goes on")
                // Two at once take turns.
                let process = try await other.processID()
                try await user.run("BEGIN")
                #expect(try await user.value("SELECT fan_out_step('news', 10)") == "10")
                async let concurrent = other.value("SELECT fan_out_step('news', 10)")
                try await user.waitUntilBlockedElsewhere(process, database)
                try await user.run("COMMIT")
                #expect(try await concurrent == "5")
                #expect(try await user.value("SELECT fan_out_step('news', 10)") == "0")

                let sent = "SELECT count(*), count(DISTINCT payload->>'id') FROM work WHERE topic = 'mail'"
                #expect(try await user.run(sent) == [["25", "25"]])
                #expect(try await user.value("SELECT sealed FROM group_status") == "t")
                #expect(try await user.value("SELECT pending FROM group_status") == "25")
                let wrong = "SELECT begin_fan_out('news', 'mail', 'SELECT 1')"
                #expect(try await user.failure(wrong) == "23505")
            }
        }
    }

    @Test("A query whose keys do not tell its rows apart is refused, also across steps")
    func fanOutKeys() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(1) { connections in
                let user = connections[0]
                let query = "SELECT k AS key, to_jsonb(1) AS payload FROM unnest(ARRAY[1, 2, 2, 3]) AS k"
                try await user.run("SELECT begin_fan_out('twice', 'mail', '\(query)')")
                #expect(try await user.value("SELECT fan_out_step('twice', 1)") == "1")
                #expect(try await user.failure("SELECT fan_out_step('twice', 1)") == "22023")
                #expect(try await user.failure("SELECT begin_fan_out('bad', 'mail', 'SELECT 1 AS key')") == "42703")
                #expect(try await user.failure("SELECT fan_out_step('none')") == "P0002")
                #expect(try await user.value("SELECT forget_fan_out('twice')") == "t")
                #expect(try await user.value("SELECT count(*) FROM work") == "1")
            }
        }
    }
}
