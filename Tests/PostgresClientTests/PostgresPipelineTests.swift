import Foundation
import IOReactor
import PostgresClient
import TestSupport
import Testing

@Suite("PostgresConnection: units and pipelines", .needsPostgres, .timeLimit(.minutes(1)))
struct PostgresPipelineTests {
    @Test("The statements of a unit succeed or fail together; other units are left alone")
    func isolation() async throws {
        try await withConnection { connection in
            _ = try await connection.run("CREATE TABLE t (id int8 PRIMARY KEY)")
            let insert = PostgresStatement("insert", "INSERT INTO t VALUES ($1)")
            var good = PostgresUnit(insert, .int(1))
            good.add(insert, .int(2))
            var bad = PostgresUnit(insert, .int(3))
            bad.add(insert, .int(1))
            bad.add(insert, .int(4))
            let last = PostgresUnit(insert, .int(5))

            let results = await connection.pipeline([good, bad, last], deadline: .soon)

            #expect(try results[0].get().map(\.affected) == [1, 1])
            #expect(results[1].failure?.sqlState == .uniqueViolation)
            #expect(results[1].failure?.mayHaveHappened == false)
            #expect(try results[2].get().map(\.affected) == [1])
            let ids = try await connection.run("SELECT array_agg(id ORDER BY id) FROM t").single().ints(0)
            #expect(ids == [1, 2, 5])
        }
    }

    @Test("An error that appears only at the commit fails its unit and no other")
    func deferredConstraint() async throws {
        try await withConnection { connection in
            try await connection.execute(
                script: """
                    CREATE TABLE parent (id int8 PRIMARY KEY);
                    CREATE TABLE child (id int8 CONSTRAINT child_parent REFERENCES parent DEFERRABLE INITIALLY DEFERRED)
                    """,
                deadline: .soon
            )
            let insert = PostgresStatement("insert", "INSERT INTO child VALUES ($1)")

            let results = await connection.pipeline(
                [PostgresUnit(insert, .int(1)), PostgresUnit(.unnamed("SELECT 7"))],
                deadline: .soon
            )

            #expect(results[0].failure?.sqlState == .foreignKeyViolation)
            #expect(results[0].failure?.outcome == .answered)
            #expect(try results[1].get()[0].single().int(0) == 7)
            #expect(try await connection.run("SELECT count(*) FROM child").single().int(0) == 0)
        }
    }

    @Test("A preparation that never ran because its unit failed is repeated at the next use")
    func abortedPreparation() async throws {
        try await withConnection { connection in
            let statement = PostgresStatement("later", "SELECT 5")
            var unit = PostgresUnit(.unnamed("SELECT 1/0"))
            unit.add(statement)

            let results = await connection.pipeline([unit, PostgresUnit(statement)], deadline: .soon)
            let rows = try await connection.query(statement, deadline: .soon)

            #expect(results[0].failure?.sqlState == SQLState(rawValue: "22012"))
            #expect(try results[1].get()[0].single().int(0) == 5)
            #expect(try rows.single().int(0) == 5)
        }
    }

    @Test("Each statement of a unit takes its own snapshot")
    func snapshots() async throws {
        try await withDatabase { database in
            let connection = try await database.connect()
            let other = try await database.connect()
            _ = try await connection.run("CREATE TABLE t (id int8)")
            // The unit waits in its second statement for a lock that the other session holds until it has inserted.
            _ = try await other.query(.begin, deadline: .soon)
            _ = try await other.run("SELECT pg_advisory_xact_lock(1)")
            var unit = PostgresUnit(.unnamed("SELECT count(*) FROM t"))
            unit.add(.unnamed("SELECT pg_advisory_xact_lock(1)"))
            unit.add(.unnamed("SELECT count(*) FROM t"))
            let reply = await connection.start([unit], deadline: .soon)
            try await waitForAdvisoryWaiter(other)

            _ = try await other.run("INSERT INTO t VALUES (1)")
            _ = try await other.query(.commit, deadline: .soon)
            let answers = try await reply.rows()

            #expect(try answers[0].single().int(0) == 0)
            #expect(try answers[2].single().int(0) == 1)
            await connection.close()
            await other.close()
        }
    }

    @Test("A lock of the transaction is held until the end of the unit, and no longer")
    func advisoryLocks() async throws {
        try await withDatabase { database in
            let connection = try await database.connect()
            let other = try await database.connect()
            _ = try await other.run("SELECT pg_advisory_lock(2)")
            var unit = PostgresUnit(.unnamed("SELECT pg_advisory_xact_lock(1)"))
            unit.add(.unnamed("SELECT pg_advisory_xact_lock(2)"))
            let reply = await connection.start([unit], deadline: .soon)
            try await waitForAdvisoryWaiter(other)

            let during = try await other.run("SELECT pg_try_advisory_lock(1)").single().bool(0)
            _ = try await other.run("SELECT pg_advisory_unlock(2)")
            _ = try await reply.rows()
            let after = try await other.run("SELECT pg_try_advisory_lock(1)").single().bool(0)

            #expect(!during)
            #expect(after)
            await connection.close()
            await other.close()
        }
    }

    @Test("Units sent ahead are answered in their order, each on its own reply")
    func sentAhead() async throws {
        try await withConnection { connection in
            _ = try await connection.run("CREATE TABLE t (id serial, value int8)")
            let insert = PostgresStatement("insert", "INSERT INTO t (value) VALUES ($1) RETURNING id")
            var replies: [PostgresReply] = []
            for value in 0..<600 {
                replies.append(await connection.start([PostgresUnit(insert, .int(value))], deadline: .soon))
            }

            var ids: [Int] = []
            for reply in replies { ids.append(try await reply.rows()[0].single().int(0)) }

            #expect(ids == Array(1...600))
        }
    }

    @Test("An explicit transaction commits its statements together, or none of them")
    func transactions() async throws {
        struct Refusal: Error {}
        try await withConnection { connection in
            _ = try await connection.run("CREATE TABLE t (id int8)")

            try await connection.transaction(deadline: .soon) { connection in
                _ = try await connection.run("INSERT INTO t VALUES (1)")
            }
            await #expect(throws: Refusal.self) {
                try await connection.transaction(deadline: .soon) { connection in
                    _ = try await connection.run("INSERT INTO t VALUES (2)")
                    throw Refusal()
                }
            }

            #expect(try await connection.run("SELECT array_agg(id) FROM t").single().ints(0) == [1])
        }
    }

    @Test("The least recently used prepared statements give way")
    func preparedStatementsAreBounded() async throws {
        try await withConnection { connection in
            for value in 0..<600 {
                let statement = PostgresStatement("s\(value)", "SELECT \(value)")
                #expect(try await connection.query(statement, deadline: .soon).single().int(0) == value)
            }

            let count = try await connection.run("SELECT count(*) FROM pg_prepared_statements").single().int(0)

            #expect(count == 512)
        }
    }

    @Test("A script between units waits for those before it and holds back those after it")
    func scriptBetweenUnits() async throws {
        try await withConnection { connection in
            let before = await connection.start([PostgresUnit(.unnamed("CREATE TABLE t (id int8)"))], deadline: .soon)
            async let script: Void = connection.execute(
                script: "INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)",
                deadline: .soon
            )
            _ = try await before.rows()
            try await script
            let after = try await connection.run("SELECT count(*) FROM t").single().int(0)

            #expect(after == 2)
        }
    }
}

/// Waits until a session of this database waits for an advisory lock.
func waitForAdvisoryWaiter(_ connection: PostgresConnection) async throws {
    try await Polling.wait(for: "a session to wait for an advisory lock") {
        let rows = try await connection.run(
            """
            SELECT count(*) FROM pg_locks
            WHERE locktype = 'advisory' AND NOT granted
              AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            """
        )
        return try rows.single().int(0) > 0
    }
}

extension Result {
    var failure: Failure? {
        switch self {
        case .success: nil
        case .failure(let error): error
        }
    }
}
