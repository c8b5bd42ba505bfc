import PostgresClient
import PostgresStore
import TenureCore
import TestSupport
import Testing

@Suite("Groups of messages", .needsPostgres, .timeLimit(.minutes(1)))
struct GroupTests {
    /// A name for a claim.
    private static func batch(_ number: Int) -> String { "00000000-0000-4000-8000-00000000000\(number)" }

    private static func claim(_ number: Int, _ ids: String) -> String {
        "SELECT claim(1, '\(Self.batch(number))', 'node-1', 'a', ARRAY[\(ids)]::bigint[], false)"
    }

    private static func complete(_ number: Int, _ ids: String) -> String {
        let times = "ARRAY(SELECT now() FROM unnest(ARRAY[\(ids)]))"
        return "SELECT settle_completed('\(Self.batch(number))', ARRAY[\(ids)]::bigint[], \(times), \(times))"
    }

    private static let look = "SELECT server_time FROM look(1, NULL)"
    private static let facts = "SELECT payload->>'group' FROM work WHERE topic = 'done' AND due_at <= clock_timestamp()"

    private static func own(_ connection: PostgresConnection) async throws {
        try await connection.run("SELECT take_ownership(1, 'node-1', 'a')")
    }

    @Test("A50: the follow-up is due in the transaction that ends the last member, ten minutes later as well, and once")
    func fanIn() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(1) { connections in
                let owner = connections[0]
                try await Self.own(owner)
                let group = try await owner.text("SELECT open_group('done', '{\"file\": \"a\"}')")
                let ids = try await owner.text(
                    "SELECT enqueue_many('part', ARRAY['1', '2', '3']::jsonb[], group_id => \(group))"
                )
                #expect(ids == "{2,3,4}", "the IDs are returned, in order")
                #expect(try await owner.value("SELECT seal_group(\(group))") == "t")
                #expect(try await owner.value("SELECT seal_group(\(group))") == "f")
                try await owner.run(Self.look)
                // Ten minutes ago.
                try await owner.run("UPDATE groups SET created_at = created_at - interval '10 minutes'")

                try await owner.run(Self.claim(1, "2,3,4"))
                try await owner.run(Self.complete(1, "2,3"))
                #expect(try await owner.run(Self.facts) == [])
                try await owner.run("BEGIN")
                try await owner.run(Self.complete(1, "4"))
                #expect(try await owner.run(Self.facts).count == 1, "in the last member's own transaction")
                try await owner.run("ROLLBACK")
                #expect(try await owner.run(Self.facts) == [])
                try await owner.run(Self.complete(1, "4"))

                #expect(
                    try await owner.run(
                        "SELECT payload->>'file', payload->'group'->>'completed', payload->'group'->>'state' FROM work"
                    ) == [["a", "3", "completed"]]
                )
                for _ in 1...3 { try await owner.run(Self.look) }
                #expect(try await owner.value("SELECT count(*) FROM work") == "1")
                #expect(try await owner.value("SELECT state FROM group_status") == "completed")
            }
        }
    }

    @Test("Two last members that end at once make one follow-up due, whoever commits first")
    func race() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(3) { connections in
                let (first, second, look) = (connections[0], connections[1], connections[2])
                try await Self.own(first)
                for round in 0..<2 {
                    let group = try await first.text("SELECT open_group('done')")
                    let ids = [
                        try await first.text("SELECT enqueue_to_group(\(group), 'part')"),
                        try await first.text("SELECT enqueue_to_group(\(group), 'part')"),
                    ]
                    try await first.run("SELECT seal_group(\(group))")
                    try await first.run(Self.look)
                    try await first.run(Self.claim(2 * round + 1, ids[0]))
                    try await first.run(Self.claim(2 * round + 2, ids[1]))
                    let process = try await second.processID()

                    try await first.run("BEGIN")
                    try await first.run(Self.complete(2 * round + 1, ids[0]))
                    async let other = second.value(Self.complete(2 * round + 2, ids[1]))
                    try await look.waitUntilBlocked(process)
                    #expect(try await look.run(Self.facts).count == round)
                    try await first.run(round == 0 ? "COMMIT" : "ROLLBACK")
                    #expect(try await other == "1")
                    if round == 1 {
                        #expect(try await look.run(Self.facts).count == 1, "the first one did not end")
                        try await first.run(Self.complete(2 * round + 1, ids[0]))
                    }

                    #expect(try await look.run(Self.facts).count == round + 1)
                }
            }
        }
    }

    @Test("Members that are discarded or cancelled count as ended, and are counted apart; one that is retried does not")
    func endings() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(1) { connections in
                let owner = connections[0]
                try await Self.own(owner)
                let group = try await owner.text("SELECT open_group('done')")
                try await owner.run("SELECT enqueue_many('part', ARRAY['1', '2', '3']::jsonb[], group_id => \(group))")
                try await owner.run("SELECT seal_group(\(group))")
                try await owner.run(Self.claim(1, "2,3"))
                try await owner.run(
                    """
                    SELECT settle('\(Self.batch(1))', '{2,3}', '{discarded,retryable}', ARRAY[now(), now()],
                        ARRAY[now(), now()], '{0,0}', '{r,NULL}', '{e,e}')
                    """
                )
                #expect(try await owner.value("SELECT cancel(4)") == "t")
                try await owner.run(Self.look)
                let counts = "SELECT pending, completed, discarded, cancelled, state FROM group_status"
                #expect(try await owner.run(counts) == [["1", "0", "1", "1", "open"]])

                try await owner.run(Self.claim(2, "3"))
                try await owner.run(Self.complete(2, "3"))
                #expect(try await owner.run(counts) == [["0", "1", "1", "1", "completed"]])
                // Trying a dead letter again does not open the group again.
                try await owner.run("SELECT retry_dead_letter(2)")
                try await owner.run(Self.claim(3, "2"))
                try await owner.run(Self.complete(3, "2"))
                #expect(try await owner.run(counts) == [["0", "1", "1", "1", "completed"]])
            }
        }
    }

    @Test("A group is not sealed while somebody adds to it, and takes nobody afterwards")
    func sealing() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(2) { connections in
                let (owner, user) = (connections[0], connections[1])
                try await Self.own(owner)
                let group = try await owner.text("SELECT open_group('done')")
                try await user.run("BEGIN")
                let member = try await user.text("SELECT enqueue_to_group(\(group), 'part')")

                // It has no member that anybody sees, and yet must not end.
                #expect(try await owner.value("SELECT seal_group(\(group))") == "t")
                try await owner.run(Self.look)
                #expect(try await owner.run(Self.facts) == [])
                #expect(try await owner.failure("SELECT enqueue_to_group(\(group), 'part')") == "22023")
                try await user.run("COMMIT")
                try await owner.run(Self.look)
                #expect(try await owner.run(Self.facts) == [])
                try await owner.run(Self.claim(1, member))
                try await owner.run(Self.complete(1, member))

                #expect(try await owner.run(Self.facts).count == 1)
                #expect(try await user.failure("SELECT enqueue_to_group(\(group), 'part')") == "22023")
                #expect(try await user.failure("SELECT enqueue_to_group(99, 'part')") == "P0002")
            }
        }
    }

    @Test("A user's open transaction that seals or cancels holds up no settlement")
    func noWaiting() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(2) { connections in
                let (owner, user) = (connections[0], connections[1])
                try await Self.own(owner)
                let group = try await owner.text("SELECT open_group('done')")
                try await owner.run("SELECT enqueue_many('part', ARRAY['1', '2']::jsonb[], group_id => \(group))")
                try await owner.run(Self.claim(1, "2"))
                try await user.run("BEGIN")
                try await user.run("SELECT seal_group(\(group)), cancel(3)")

                try await owner.run("SET lock_timeout = '1s'")
                try await owner.run(Self.complete(1, "2"))
                try await owner.run(Self.look)
                try await user.run("COMMIT")
                try await owner.run(Self.look)

                let counts = "SELECT completed, cancelled, state FROM group_status"
                #expect(try await owner.run(counts) == [["1", "1", "completed"]])
            }
        }
    }

    @Test("A group that expires runs its follow-up then, and not again; a cancelled one never")
    func expiryAndCancellation() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(1) { connections in
                let owner = connections[0]
                try await Self.own(owner)
                let group = try await owner.text("SELECT open_group('done', expires_at => now())")
                let member = try await owner.text("SELECT enqueue_to_group(\(group), 'part')")
                try await owner.run("SELECT seal_group(\(group))")
                try await owner.run(Self.look)
                #expect(
                    try await owner.value("SELECT payload->'group'->>'state' FROM work WHERE topic = 'done'") == "open"
                )
                try await owner.run(Self.claim(1, "1,\(member)"))
                try await owner.run(Self.complete(1, "1"))
                try await owner.run(Self.complete(1, member))
                #expect(try await owner.value("SELECT count(*) FROM work") == "0")
                #expect(try await owner.value("SELECT count(*) FROM runs WHERE topic = 'done'") == "1")

                let other = try await owner.text("SELECT open_group('done')")
                try await owner.run("SELECT enqueue_many('part', ARRAY['1', '2']::jsonb[], group_id => \(other))")
                #expect(try await owner.value("SELECT cancel_group(\(other))") == "2")
                try await owner.run(Self.look)
                #expect(try await owner.value("SELECT count(*) FROM work") == "0")
                let state = "SELECT state || ' ' || cancelled FROM group_status WHERE id = \(other)"
                #expect(try await owner.value(state) == "cancelled 2")
                #expect(try await owner.value("SELECT cancel_group(\(other))") == nil)
            }
        }
    }
}
