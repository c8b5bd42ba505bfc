import PostgresClient
import PostgresStore
import TenureCore
import TestSupport
import Testing

@Suite("Traps of claiming and settling", .needsPostgres, .timeLimit(.minutes(1)))
struct ClaimTrapTests {
    private static let batch = "00000000-0000-4000-8000-000000000001"

    /// An owner with one message, and the message's ID.
    private static func prepare(_ connection: PostgresConnection) async throws -> String {
        try await connection.run("SELECT take_ownership(1, 'node-1', 'a')")
        return try await connection.text("SELECT enqueue('topic')")
    }

    private static func claim(_ id: String) -> String {
        "SELECT claim(1, '\(Self.batch)', 'node-1', 'a', ARRAY[\(id)]::bigint[], false)"
    }

    private static func settle(_ id: String, strict: Bool = false) -> String {
        "SELECT settle_completed('\(Self.batch)', ARRAY[\(id)]::bigint[], ARRAY[now()], ARRAY[now()], \(strict))"
    }

    @Test("A settlement whose claim was revoked undoes everything in its transaction")
    func revoked() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(1) { connections in
                let owner = connections[0]
                let id = try await Self.prepare(owner)
                try await owner.run(Self.claim(id))
                try await owner.run("SELECT take_ownership(2, 'node-2', 'b')")
                try await owner.run("SELECT open_tenant(2, 'b', '{b}', 1000)")

                // The trap: a deletion that merely finds no claim, and history that is written all the same.
                var naive = PostgresUnit(
                    .unnamed(
                        """
                        DELETE FROM work WHERE id = \(id)
                            AND EXISTS (SELECT FROM claims WHERE batch = \'\(Self.batch)\')
                        """
                    )
                )
                let history = PostgresStatement.unnamed(
                    """
                    INSERT INTO runs (run_id, attempt, finished_at, kind, topic, state)
                    VALUES (\(id), 1, now(), 'outbox', 'topic', 'completed')
                    """
                )
                naive.add(history)
                _ = try await owner.run(naive, deadline: .soon)
                let completed = "SELECT count(*) FROM runs WHERE state = 'completed'"
                #expect(try await owner.value(completed) == "1", "the trap")

                var cured = PostgresUnit(.unnamed(Self.settle(id)))
                cured.add(history)
                let error = await #expect(throws: PostgresError.self) { try await owner.run(cured, deadline: .soon) }
                #expect(error?.sqlState?.rawValue == "TN002")
                #expect(try await owner.value(completed) == "1")
                #expect(try await owner.value("SELECT count(*) FROM work") == "1")
            }
        }
    }

    @Test("History is written only for rows that were there")
    func historyOfDeletedRows() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(1) { connections in
                let owner = connections[0]
                let id = try await Self.prepare(owner)
                try await owner.run(Self.claim(id))
                try await owner.run("DELETE FROM work")

                #expect(
                    try await owner.failure(Self.settle(id, strict: true)) == "TN004",
                    "inside a handler's transaction"
                )
                #expect(try await owner.value(Self.settle(id)) == "0")
                #expect(try await owner.value("SELECT count(*) FROM runs") == "0")
                #expect(try await owner.value("SELECT count(*) FROM claims") == "0")
            }
        }
    }

    @Test("A row that a scan still saw and that has completed since is not claimed again")
    func staleScan() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(2) { connections in
                let (owner, other) = (connections[0], connections[1])
                let id = try await Self.prepare(owner)
                try await owner.run(Self.claim(id))
                // A scan that began before the completion commits sees the row.
                try await other.run("BEGIN")
                try await other.run(Self.settle(id))
                let scanned = try await owner.run(
                    "SELECT id FROM scan(1, NULL, '{0}', '{-infinity}', '{0}', 10, NULL) WHERE id IS NOT NULL"
                )
                try await other.run("COMMIT")
                #expect(scanned == [[id]])

                // The trap: to trust the scan. The claim looks again.
                let again = "SELECT claim(1, gen_random_uuid(), 'node-1', 'a', ARRAY[\(id)]::bigint[], false)"
                #expect(try await owner.value(again) == "{}")
                #expect(try await owner.value("SELECT count(*) FROM claims") == "0")
            }
        }
    }

    @Test("Claiming the same batch again gives the same answer")
    func repeatedClaim() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(1) { connections in
                let owner = connections[0]
                let id = try await Self.prepare(owner)
                let keyed = try await owner.text("SELECT enqueue('topic', ordering_key => 'k')")
                let claim = Self.claim("\(id), \(keyed)")

                #expect(try await owner.value(claim) == "{\(id),\(keyed)}")
                #expect(try await owner.value(claim) == "{\(id),\(keyed)}")
                #expect(try await owner.value("SELECT count(*) FROM claims") == "1")
            }
        }
    }

    @Test("Some of a claim's IDs can be settled, and none twice")
    func partialSettlement() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(1) { connections in
                let owner = connections[0]
                let first = try await Self.prepare(owner)
                let second = try await owner.text("SELECT enqueue('topic')")
                try await owner.run(Self.claim("\(first), \(second)"))

                #expect(try await owner.value(Self.settle(first)) == "1")
                #expect(try await owner.failure(Self.settle(first)) == "TN002")
                #expect(try await owner.failure(Self.settle("\(first), \(second)")) == "TN002")
                #expect(try await owner.value("SELECT ids FROM claims") == "{\(second)}")
                #expect(try await owner.value(Self.settle(second)) == "1")
                #expect(try await owner.value("SELECT count(*) FROM claims") == "0")
            }
        }
    }

    @Test("Claims of a predecessor that is being settled this moment do not hold an opening up")
    func openingDuringSettlement() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(2) { connections in
                let (old, new) = (connections[0], connections[1])
                let id = try await Self.prepare(old)
                try await old.run(Self.claim(id))
                try await old.run("BEGIN")
                try await old.run(Self.settle(id))

                try await new.run("SELECT take_ownership(2, 'node-2', 'b')")
                #expect(try await new.value("SELECT open_tenant(2, 'b', '{b}', 1000)") == "0")
                try await old.run("COMMIT")
                #expect(try await new.run("SELECT state FROM runs") == [["completed"]])
            }
        }
    }

    @Test("A cancellation that met no claim in its own statement reports a run as cancelled, cancel_timer does not")
    func cancelDuringClaim() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(3) { connections in
                let (owner, user, observer) = (connections[0], connections[1], connections[2])
                _ = try await Self.prepare(owner)
                let process = try await user.processID()
                func timer() async throws -> String {
                    try await user.text("SELECT schedule_timer('topic', now())")
                }
                func claim(_ id: String) -> String {
                    "SELECT claim(1, gen_random_uuid(), 'node-1', 'a', ARRAY[\(id)]::bigint[], false)"
                }

                let lost = try await timer()
                try await owner.run("BEGIN")
                try await owner.run(claim(lost))
                let naive = try await user.run(
                    """
                    DELETE FROM work WHERE id = \(lost)
                        AND NOT EXISTS (SELECT FROM claims WHERE \(lost) = ANY (ids)) RETURNING id
                    """
                )
                try await owner.run("COMMIT")
                #expect(naive == [[lost]], "the trap: cancelled and claimed")
                #expect(try await user.value("SELECT count(*) FROM claims WHERE \(lost) = ANY (ids)") == "1")

                let kept = try await timer()
                try await owner.run("BEGIN")
                try await owner.run(claim(kept))
                async let cancelled = user.value("SELECT cancel_timer(\(kept))")
                try await observer.waitUntilBlocked(process)
                try await owner.run("COMMIT")
                #expect(try await cancelled == "f")
                #expect(try await user.value("SELECT count(*) FROM work WHERE id = \(kept)") == "1")
            }
        }
    }

    @Test("A claim passes by what a cancellation has locked, and gets it when that is rolled back")
    func claimDuringCancel() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(2) { connections in
                let (owner, user) = (connections[0], connections[1])
                let other = try await Self.prepare(owner)
                let timer = try await user.text("SELECT schedule_timer('topic', now())")
                let claim = "SELECT claim(1, gen_random_uuid(), 'node-1', 'a', ARRAY[\(timer)]::bigint[], false)"
                try await user.run("BEGIN")
                #expect(try await user.value("SELECT cancel_timer(\(timer))") == "t")

                #expect(try await owner.value(claim) == "{}")
                #expect(try await owner.value(Self.claim(other)) == "{\(other)}", "others are claimed meanwhile")
                try await user.run("ROLLBACK")
                #expect(try await owner.value(claim) == "{\(timer)}")
                #expect(try await user.value("SELECT cancel_timer(\(timer))") == "f")
            }
        }
    }

    @Test("A claim made while a cancellation is under way excludes a later one")
    func cancelAfterLockingClaim() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(4) { connections in
                let (owner, user, late, observer) = (connections[0], connections[1], connections[2], connections[3])
                let first = try await Self.prepare(owner)
                let second = try await user.text("SELECT schedule_timer('topic', now())")
                let process = try await late.processID()
                try await user.run("BEGIN")
                #expect(try await user.value("SELECT cancel(\(first))") == "t")

                try await owner.run("BEGIN")
                #expect(try await owner.value(Self.claim(second)) == "{\(second)}")
                async let cancelled = late.value("SELECT cancel_timer(\(second))")
                try await observer.waitUntilBlocked(process)
                try await owner.run("COMMIT")
                #expect(try await cancelled == "f")
                try await user.run("COMMIT")
            }
        }
    }

    @Test("A cancellation that came too late does not hold the completion up")
    func lateCancellation() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(2) { connections in
                let (owner, user) = (connections[0], connections[1])
                let id = try await Self.prepare(owner)
                try await owner.run(Self.claim(id))
                try await user.run("BEGIN")
                #expect(try await user.value("SELECT cancel(\(id))") == "f")

                try await owner.run("SET lock_timeout = '2s'")
                #expect(try await owner.value(Self.settle(id)) == "1")
                try await user.run("COMMIT")
            }
        }
    }
}
