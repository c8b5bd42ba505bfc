import Foundation
import IOReactor
import PostgresClient
import TestSupport
import Testing

@Suite("PostgresConnection: failures", .needsPostgres, .timeLimit(.minutes(1)))
struct PostgresFailureTests {
    @Test("A statement whose session is terminated while it runs has not happened, nor have those behind it")
    func terminated() async throws {
        try await withDatabase { database in
            let admin = try await database.connect()
            let victim = try await database.connect()
            _ = try await admin.run("CREATE TABLE t (id int8)")
            let units = [
                PostgresUnit(.unnamed("INSERT INTO t VALUES (1)")),
                PostgresUnit(.unnamed("INSERT INTO t SELECT 2 FROM pg_sleep(60)")),
                PostgresUnit(.unnamed("INSERT INTO t VALUES (3)")),
            ]
            let processID = await victim.serverProcessID
            let reply = await victim.start(units, deadline: .soon)
            try await waitForSleep(admin, processID)

            _ = try await admin.query(
                .unnamed("SELECT pg_terminate_backend($1::int)"),
                .int(processID),
                deadline: .soon
            )
            let results = await reply.results()

            #expect(try results[0].get().count == 1)
            #expect(results[1].failure?.sqlState == .adminShutdown)
            #expect(results[1].failure?.outcome == .answered)
            #expect(results[2].failure?.code == .unavailable)
            #expect(results[2].failure?.outcome == .notSent)
            #expect(try await admin.run("SELECT array_agg(id) FROM t").single().ints(0) == [1])
            let error = await #expect(throws: PostgresError.self) { try await victim.run("SELECT 1") }
            #expect(error?.outcome == .notSent)
            await admin.close()
        }
    }

    @Test("A session that is terminated while it idles is noticed, and says why")
    func terminatedWhileIdle() async throws {
        try await withDatabase { database in
            let admin = try await database.connect()
            let victim = try await database.connect()
            let processID = await victim.serverProcessID

            _ = try await admin.query(
                .unnamed("SELECT pg_terminate_backend($1::int)"),
                .int(processID),
                deadline: .soon
            )
            try await Polling.wait(for: "the end of the connection") { await !victim.isOpen }
            let error = await #expect(throws: PostgresError.self) { try await victim.run("SELECT 1") }

            #expect(error?.code == .unavailable)
            #expect(error?.outcome == .notSent)
            #expect(error?.message.contains("terminating connection") == true)
            await admin.close()
        }
    }

    @Test("When the network is cut, what was sent may have happened and what was not sent has not")
    func cut() async throws {
        try await withDatabase { database in
            let url = try #require(URL(string: database.url))
            let proxy = try FaultyProxy(target: UInt16(try #require(url.port)))
            let target = try PostgresTarget(database.url.replacingAuthority(proxy.port))
            let connection = try await PostgresConnection.open(target, reactor: database.reactor, deadline: .soon)
            let admin = try await database.connect()
            _ = try await connection.run("CREATE TABLE t (id int8)")
            proxy.behave(.stallReplies)
            let sent = await connection.start([PostgresUnit(.unnamed("INSERT INTO t VALUES (1)"))], deadline: .soon)
            try await Polling.wait(for: "the row") {
                try await admin.run("SELECT count(*) FROM t").single().int(0) == 1
            }
            // More units than may be in flight: the last ones stay here.
            let many = await connection.start(
                (0..<400).map { _ in PostgresUnit(.unnamed("INSERT INTO t VALUES (2)")) },
                deadline: .soon
            )
            try await Polling.wait(for: "the rows of the units in flight") {
                try await admin.run("SELECT count(*) FROM t").single().int(0) == 256
            }

            proxy.cut()
            let first = await sent.results()[0]
            let rest = await many.results()

            #expect(first.failure?.code == .outcomeUnknown)
            #expect(first.failure?.mayHaveHappened == true)
            #expect(rest.first?.failure?.mayHaveHappened == true)
            #expect(rest.last?.failure?.outcome == .notSent)
            let unsent = rest.count { $0.failure?.outcome == .notSent }
            #expect(unsent == 400 - 255)
            proxy.stop()
            await admin.close()
        }
    }

    @Test("A statement whose deadline passes is cancelled in the server and has not happened")
    func deadline() async throws {
        try await withConnection { connection in
            let start = ContinuousClock.now

            let error = await #expect(throws: PostgresError.self) {
                try await connection.query(.unnamed("SELECT pg_sleep(30)"), deadline: .now + .milliseconds(100))
            }
            let answer = try await connection.run("SELECT 1").single().int(0)

            #expect(error?.code == .timedOut)
            #expect(error?.outcome == .answered)
            #expect(error?.sqlState == .queryCanceled)
            #expect(answer == 1)
            #expect(ContinuousClock.now - start < .seconds(5))
        }
    }

    @Test("Units that share a deadline are cancelled one after the other")
    func deadlineOfSeveral() async throws {
        try await withConnection { connection in
            let sleep = PostgresUnit(.unnamed("SELECT pg_sleep(30)"))

            let results = await connection.pipeline([sleep, sleep, sleep], deadline: .now + .milliseconds(100))

            #expect(results.map { $0.failure?.code } == [.timedOut, .timedOut, .timedOut])
            #expect(results.map { $0.failure?.outcome } == [.answered, .answered, .answered])
            #expect(await connection.isOpen)
        }
    }

    @Test("A server that does not answer costs the deadline and the grace period, and the connection")
    func silence() async throws {
        try await withDatabase { database in
            let url = try #require(URL(string: database.url))
            let proxy = try FaultyProxy(target: UInt16(try #require(url.port)))
            let target = try PostgresTarget(database.url.replacingAuthority(proxy.port))
            let connection = try await PostgresConnection.open(target, reactor: database.reactor, deadline: .soon)
            proxy.behave(.stall)
            let start = ContinuousClock.now

            let error = await #expect(throws: PostgresError.self) {
                try await connection.query(.unnamed("SELECT 1"), deadline: .now + .milliseconds(100))
            }

            #expect(error?.code == .timedOut)
            #expect(error?.outcome == .unknown)
            #expect(ContinuousClock.now - start < .seconds(3))
            #expect(await !connection.isOpen)
            proxy.stop()
        }
    }

    @Test("A cancelled caller gets its answer soon, and the server stops")
    func cancelledCaller() async throws {
        try await withConnection { connection in
            let start = ContinuousClock.now
            let task = Task {
                try await connection.query(.unnamed("SELECT pg_sleep(30)"), deadline: .soon)
            }

            task.cancel()
            let error = await #expect(throws: PostgresError.self) { try await task.value }
            let answer = try await connection.run("SELECT 1").single().int(0)

            #expect(error?.code == .cancelled)
            #expect(error?.mayHaveHappened == false)
            #expect(answer == 1)
            #expect(ContinuousClock.now - start < .seconds(5))
        }
    }

    @Test("Closing ends what is in flight, and the server's process is gone afterwards")
    func closing() async throws {
        try await withDatabase { database in
            let admin = try await database.connect()
            let connection = try await database.connect()
            let processID = await connection.serverProcessID
            _ = try await connection.run("SELECT 1")

            await connection.close()
            let error = await #expect(throws: PostgresError.self) { try await connection.run("SELECT 1") }
            let count = try await admin.query(
                .unnamed("SELECT count(*) FROM pg_stat_activity WHERE pid = $1"),
                .int(processID),
                deadline: .soon
            )

            #expect(error?.code == .unavailable)
            #expect(error?.outcome == .notSent)
            #expect(try count.single().int(0) == 0)
            await admin.close()
        }
    }

    @Test("Failures to connect say why, and nothing was sent")
    func connecting() async throws {
        try await withReactor { reactor in
            let url = try Servers.requirePostgres()
            let free = try FreePort.next()
            let cases: [(url: String, code: PostgresError.Code, state: SQLState?)] = [
                (url.replacingDatabase("no_such_database_here"), .server, .invalidCatalogName),
                ("postgresql://postgres@127.0.0.1:\(free)/postgres", .unavailable, nil),
                ("postgresql://postgres@name.invalid:5432/postgres", .unavailable, nil),
                ("host=/no/such/directory user=postgres", .unavailable, nil),
            ]
            for expected in cases {
                let error = await #expect(throws: PostgresError.self) {
                    _ = try await PostgresConnection.open(
                        try PostgresTarget(expected.url),
                        reactor: reactor,
                        deadline: .soon
                    )
                }
                #expect(error?.code == expected.code, "\(expected.url)")
                #expect(error?.sqlState == expected.state)
                #expect(error?.outcome == .notSent)
            }
        }
    }

    @Test("A server that accepts and says nothing costs no more than the deadline")
    func silentServer() async throws {
        try await withReactor { reactor in
            let url = try #require(URL(string: try Servers.requirePostgres()))
            let proxy = try FaultyProxy(target: UInt16(try #require(url.port)))
            proxy.behave(.stall)
            let start = ContinuousClock.now

            let error = await #expect(throws: PostgresError.self) {
                let target = try PostgresTarget("postgresql://postgres@127.0.0.1:\(proxy.port)/postgres")
                _ = try await PostgresConnection.open(target, reactor: reactor, deadline: .now + .milliseconds(200))
            }

            #expect(error?.code == .timedOut)
            #expect(ContinuousClock.now - start < .seconds(2))
            proxy.stop()
        }
    }

    @Test("A setting that the server refuses fails the connection attempt")
    func refusedSetting() async throws {
        try await withReactor { reactor in
            let session = PostgresSession(settings: [.init("no_such_setting", "1")])
            let target = try PostgresTarget(try Servers.requirePostgres())

            let error = await #expect(throws: PostgresError.self) {
                _ = try await PostgresConnection.open(target, session: session, reactor: reactor, deadline: .soon)
            }

            #expect(error?.code == .server)
            #expect(error?.outcome == .notSent)
        }
    }

    @Test("Names and settings of the session reach the server")
    func session() async throws {
        try await withReactor { reactor in
            let session = PostgresSession(
                applicationName: "tenure test ü",
                settings: [.init("idle_in_transaction_session_timeout", "3s")]
            )
            let target = try PostgresTarget(try Servers.requirePostgres() + "?application_name=other")
            let connection = try await PostgresConnection.open(
                target,
                session: session,
                reactor: reactor,
                deadline: .soon
            )

            let row = try await connection.run(
                "SELECT current_setting('application_name'), current_setting('idle_in_transaction_session_timeout')"
            ).single()

            #expect(try row.string(0).hasPrefix("tenure test"))
            #expect(try row.string(1) == "3s")
            await connection.close()
        }
    }
}

/// Waits until a session sleeps.
func waitForSleep(_ connection: PostgresConnection, _ processID: Int) async throws {
    try await Polling.wait(for: "the session to sleep") {
        let rows = try await connection.query(
            .unnamed("SELECT count(*) FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'PgSleep'"),
            .int(processID),
            deadline: .soon
        )
        return try rows.single().int(0) == 1
    }
}
