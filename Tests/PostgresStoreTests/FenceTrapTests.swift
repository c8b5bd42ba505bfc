import PostgresClient
import PostgresStore
import TenureCore
import TestSupport
import Testing

/// Ways to check an epoch that look right and are not, beside the one that is.
@Suite("Traps of the fence", .needsPostgres, .timeLimit(.minutes(1)))
struct FenceTrapTests {
    /// A row that the owner's transaction has to wait for.
    private static let set = """
        CREATE TABLE effects (id int PRIMARY KEY, epoch bigint);
        INSERT INTO effects VALUES (1, 0);
        SELECT take_ownership(1, 'node-1', 'a');
        """

    @Test("A check inside the writing statement lets a stale owner through, assert_epoch does not")
    func checkInsideTheStatement() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(3) { connections in
                let (owner, locker, successor) = (connections[0], connections[1], connections[2])
                try await owner.execute(script: Self.set, deadline: .soon)
                let process = try await owner.processID()

                // The trap: the statement's snapshot is taken before it waits for the row.
                try await locker.run("BEGIN")
                try await locker.run("UPDATE effects SET epoch = 99 WHERE id = 1")
                async let naive = owner.run(
                    """
                    UPDATE effects SET epoch = 1 WHERE id = 1 AND EXISTS (SELECT FROM fence WHERE epoch = 1)
                    RETURNING id
                    """
                )
                try await successor.waitUntilBlocked(process)
                try await successor.run("SELECT take_ownership(2, 'node-2', 'b')")
                try await locker.run("COMMIT")
                #expect(try await naive == [["1"]], "the trap: a stale write after a newer install")

                // The cure: the installer waits for the write, or the write is refused.
                try await locker.run("BEGIN")
                try await locker.run("UPDATE effects SET epoch = 99 WHERE id = 1")
                async let cured: Void = owner.execute(
                    script: "SELECT assert_epoch(2); UPDATE effects SET epoch = 2 WHERE id = 1;",
                    deadline: .soon
                )
                try await successor.waitUntilBlocked(process)
                let installer = try await successor.processID()
                async let install = successor.value("SELECT installed FROM take_ownership(3, 'node-3', 'c', 10000)")
                try await locker.waitUntilBlocked(installer)
                try await locker.run("COMMIT")
                try await cured
                #expect(try await install == "t")
                #expect(try await owner.value("SELECT epoch FROM effects") == "2")
                #expect(try await owner.failure("SELECT assert_epoch(2)") == "TN001")
            }
        }
    }

    @Test("A key-share lock on the fence does not hold an install up, assert_epoch does")
    func keyShareLock() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(3) { connections in
                let (owner, observer, successor) = (connections[0], connections[1], connections[2])
                try await owner.execute(script: Self.set, deadline: .soon)
                let installer = try await successor.processID()

                try await owner.run("BEGIN")
                try await owner.run("SELECT FROM fence WHERE epoch = 1 FOR KEY SHARE")
                try await successor.run("UPDATE fence SET epoch = 2")
                try await owner.run("UPDATE effects SET epoch = 1")
                try await owner.run("COMMIT")
                #expect(
                    try await owner.value("SELECT e.epoch < f.epoch FROM effects AS e, fence AS f") == "t",
                    "the trap: a stale write after a newer install"
                )

                try await owner.run("BEGIN")
                try await owner.run("SELECT assert_epoch(2)")
                async let install = successor.value("SELECT installed FROM take_ownership(3, 'node-3', 'c', 10000)")
                try await observer.waitUntilBlocked(installer)
                try await owner.run("UPDATE effects SET epoch = 2")
                try await owner.run("COMMIT")
                #expect(try await install == "t")
            }
        }
    }

    @Test("A lock and a read in one statement read the old epoch, assert_epoch reads the new one")
    func lockAndReadInOneStatement() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(3) { connections in
                let (owner, other, successor) = (connections[0], connections[1], connections[2])
                try await owner.execute(script: Self.set, deadline: .soon)
                let processes = (try await owner.processID(), try await other.processID())

                try await successor.run("BEGIN")
                try await successor.run("SELECT take_ownership(2, 'node-2', 'b')")
                async let naive = owner.value(
                    """
                    WITH held AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared(fence_lock()))
                    SELECT f.epoch FROM held, fence AS f
                    """
                )
                async let cured = other.failure("SELECT assert_epoch(1)")
                try await successor.waitUntilBlocked(processes.0)
                try await successor.waitUntilBlocked(processes.1)
                try await successor.run("COMMIT")

                #expect(try await naive == "1", "the trap: the old epoch after waiting for the new one")
                #expect(try await cured == "TN001")
            }
        }
    }

    @Test("Readers with row locks overtake a waiting install, those of assert_epoch queue behind it")
    func starvation() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(4) { connections in
                let (first, second, successor, observer) = (
                    connections[0], connections[1], connections[2], connections[3]
                )
                try await first.execute(script: Self.set, deadline: .soon)
                let (reader, installer) = (try await second.processID(), try await successor.processID())

                try await first.run("BEGIN")
                try await first.run("SELECT FROM fence FOR SHARE")
                async let naive = successor.run("UPDATE fence SET epoch = 2")
                try await observer.waitUntilBlocked(installer)
                try await second.run("BEGIN")
                // The trap: this returns although the install waits; with enough readers it never gets its turn.
                try await second.run("SELECT FROM fence FOR SHARE")
                try await first.run("COMMIT")
                try await observer.waitUntilBlocked(installer)
                try await second.run("COMMIT")
                _ = try await naive

                try await first.run("BEGIN")
                try await first.run("SELECT assert_epoch(2)")
                async let install = successor.value("SELECT installed FROM take_ownership(3, 'node-3', 'c', 10000)")
                try await observer.waitUntilBlocked(installer)
                async let late = second.failure("SELECT assert_epoch(2)")
                try await observer.waitUntilBlocked(reader)
                try await first.run("COMMIT")
                #expect(try await install == "t")
                #expect(try await late == "TN001", "the reader that came later finds the new epoch")
            }
        }
    }

    @Test("A check that matches no row lets the rest of the transaction through, assert_epoch undoes it")
    func silentCheck() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(1) { connections in
                let owner = connections[0]
                try await owner.execute(script: Self.set, deadline: .soon)
                try await owner.run("SELECT take_ownership(2, 'node-2', 'b')")

                var naive = PostgresUnit(
                    .unnamed("UPDATE effects SET epoch = 1 WHERE EXISTS (SELECT FROM fence WHERE epoch = 1)")
                )
                naive.add(.unnamed("INSERT INTO effects VALUES (2, 1)"))
                _ = try await owner.run(naive, deadline: .soon)
                #expect(try await owner.value("SELECT count(*) FROM effects WHERE id = 2") == "1", "the trap")

                var cured = PostgresUnit(.unnamed("SELECT assert_epoch(1)"))
                cured.add(.unnamed("INSERT INTO effects VALUES (3, 1)"))
                let error = await #expect(throws: PostgresError.self) { try await owner.run(cured, deadline: .soon) }
                #expect(error?.sqlState?.rawValue == "TN001")
                #expect(try await owner.value("SELECT count(*) FROM effects WHERE id = 3") == "0")
            }
        }
    }

    @Test("A transaction with an old snapshot is refused", arguments: ["REPEATABLE READ", "SERIALIZABLE"])
    func isolation(_ level: String) async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(1) { connections in
                try await connections[0].run("BEGIN ISOLATION LEVEL \(level)")

                #expect(try await connections[0].failure("SELECT assert_epoch(0)") == "TN005")
                try await connections[0].run("ROLLBACK")
            }
        }
    }

    @Test("An owner that stopped in the middle of a transaction loses its session")
    func stoppedOwner() async throws {
        try await withStoreDatabase { database in
            let stopped = try await database.connect(as: "tenure node-1")
            let foreign = try await database.connect(as: "reporting")
            try await database.withConnections(1) { connections in
                let successor = connections[0]
                try await successor.run("SELECT take_ownership(1, 'node-1', 'a')")
                try await stopped.run("BEGIN")
                try await stopped.run("SELECT assert_epoch(1)")

                let start = ContinuousClock.now
                let installed = try await successor.value("SELECT installed FROM take_ownership(2, 'node-2', 'b')")
                #expect(installed == "t")
                #expect(start.duration(to: .now) < .seconds(3))
                await #expect(throws: PostgresError.self, "its session has ended") { try await stopped.run("COMMIT") }

                // Without the termination, here of a session that is not ours, the successor stays out.
                try await foreign.run("BEGIN")
                try await foreign.run("SELECT assert_epoch(2)")
                #expect(try await successor.failure("SELECT take_ownership(3, 'node-3', 'c', 50)") == "TN003")
                try await foreign.run("COMMIT")
            }
            await stopped.close()
            await foreign.close()
        }
    }

    @Test("An epoch that is not greater is refused with the floor, and a repetition succeeds")
    func floor() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(1) { connections in
                func take(_ epoch: Int, _ incarnation: String) async throws -> [String?] {
                    try await connections[0].run(
                        "SELECT installed, floor FROM take_ownership(\(epoch), 'node', '\(incarnation)')"
                    )[0]
                }

                let first = try await take(5, "a")
                #expect(first == ["t", "5"])
                #expect(try await take(5, "a") == ["t", "5"], "the reply may have been lost")
                #expect(try await take(5, "b") == ["f", "5"])
                #expect(try await take(4, "a") == ["f", "5"])
                #expect(try await take(6, "b") == ["t", "6"])
            }
        }
    }
}
