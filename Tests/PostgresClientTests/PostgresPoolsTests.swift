import Foundation
import IOReactor
import PostgresClient
import Synchronization
import TestSupport
import Testing

@Suite("PostgresPools", .needsPostgres, .timeLimit(.minutes(1)))
struct PostgresPoolsTests {
    /// Pools for a test, with a name of their own in `pg_stat_activity`.
    private func withPools(
        _ limits: PoolLimits = PoolLimits(),
        on database: TestDatabase,
        _ body: (PostgresPools, String) async throws -> Void
    ) async throws {
        let name = "pools \(UUID().uuidString.prefix(8))"
        let session = PostgresSession(applicationName: name)
        let pools = PostgresPools(reactor: database.reactor, session: session, limits: limits)
        do {
            try await body(pools, name)
        } catch {
            await pools.close()
            throw error
        }
        await pools.close()
        #expect(await pools.statistics.allSatisfy { $0.total == 0 })
    }

    /// Creates databases beside the test's own for a body.
    private func withDatabases(
        _ count: Int,
        beside database: TestDatabase,
        _ body: ([PostgresTarget]) async throws -> Void
    ) async throws {
        let admin = try await database.connect()
        let names = (0..<count).map { "\(database.name)_\($0)" }
        for name in names { _ = try await admin.run("CREATE DATABASE \(name)") }
        let targets = try names.map { try PostgresTarget(database.url.replacingDatabase($0)) }
        let result: Result<Void, any Error>
        do {
            try await body(targets)
            result = .success(())
        } catch {
            result = .failure(error)
        }
        for name in names { _ = try await admin.run("DROP DATABASE \(name) WITH (FORCE)") }
        await admin.close()
        try result.get()
    }

    @Test("50 tasks share a few connections, and the server never counts more than the budget")
    func concurrency() async throws {
        try await withDatabase { database in
            try await withDatabases(3, beside: database) { targets in
                try await withPools(PoolLimits(perServer: 5, perDatabase: 3), on: database) { pools, name in
                    let admin = try await database.connect()
                    let isDone = Atomic(false)
                    async let most = Self.mostSessions(named: name, admin, until: { isDone.load(ordering: .relaxed) })

                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for task in 0..<50 {
                            group.addTask {
                                for round in 0..<10 {
                                    let target = targets[(task + round) % targets.count]
                                    try await pools.withConnection(to: target, purpose: .claiming, deadline: .soon) {
                                        connection in
                                        let row = try await connection.query(
                                            PostgresStatement("where", "SELECT current_database()::text, $1"),
                                            .int(task),
                                            deadline: .soon
                                        ).single()
                                        #expect(try row.string(0) == target.database)
                                        #expect(try row.int(1) == task)
                                    }
                                }
                            }
                        }
                        try await group.waitForAll()
                    }
                    isDone.store(true, ordering: .relaxed)

                    let sessions = try await most
                    #expect((1...5).contains(sessions), "\(sessions)")
                    let numbers = try #require(await pools.statistics.first)
                    #expect(numbers.leased == 0 && numbers.waiting == 0)
                    #expect(numbers.total <= 5)
                    await admin.close()
                }
            }
        }
    }

    private static func mostSessions(
        named name: String,
        _ admin: PostgresConnection,
        until isDone: () -> Bool
    ) async throws -> Int {
        var most = 0
        let statement = PostgresStatement("count", "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1")
        while !isDone() {
            most = max(most, try await admin.query(statement, .text(name), deadline: .soon).single().int(0))
        }
        return most
    }

    @Test("A database that is not used costs nothing after the idle period")
    func idle() async throws {
        try await withDatabase { database in
            try await withPools(PoolLimits(idlePeriod: .milliseconds(50)), on: database) { pools, _ in
                let target = try database.target
                try await pools.withConnection(to: target, purpose: .claiming, deadline: .soon) { _ in }

                try await Polling.wait(for: "the idle connection to go") {
                    await pools.statistics.allSatisfy { $0.total == 0 }
                }
            }
        }
    }

    @Test("Statements are prepared again on a new connection, and a dead idle connection is not handed out")
    func reconnection() async throws {
        try await withDatabase { database in
            try await withPools(on: database) { pools, _ in
                let admin = try await database.connect()
                let statement = PostgresStatement("seven", "SELECT 7, pg_backend_pid()")
                let first = try await self.processID(pools, try database.target, statement)

                _ = try await admin.query(
                    .unnamed("SELECT pg_terminate_backend($1::int, 5000)"),
                    .int(first),
                    deadline: .soon
                )
                try await Polling.wait(for: "the loss to be noticed") {
                    await pools.statistics.allSatisfy { $0.total == 0 }
                }
                let second = try await self.processID(pools, try database.target, statement)

                #expect(first != second)
                await admin.close()
            }
        }
    }

    private func processID(
        _ pools: PostgresPools,
        _ target: PostgresTarget,
        _ statement: PostgresStatement
    ) async throws -> Int {
        try await pools.withConnection(to: target, purpose: .claiming, deadline: .soon) { connection in
            let row = try await connection.query(statement, deadline: .soon).single()
            #expect(try row.int(0) == 7)
            return try row.int(1)
        }
    }

    @Test("A connection that comes back with an open transaction is not handed out again")
    func openTransaction() async throws {
        try await withDatabase { database in
            try await withPools(PoolLimits(perDatabase: 1), on: database) { pools, _ in
                let statement = PostgresStatement("seven", "SELECT 7, pg_backend_pid()")
                let first = try await self.processID(pools, try database.target, statement)
                try await pools.withConnection(to: try database.target, purpose: .claiming, deadline: .soon) {
                    connection in
                    _ = try await connection.query(.begin, deadline: .soon)
                }
                let second = try await self.processID(pools, try database.target, statement)

                #expect(first != second)
            }
        }
    }

    @Test("A caller that finds no connection in time or is cancelled leaves, and the connection serves the next")
    func waitingEnds() async throws {
        try await withDatabase { database in
            try await withPools(PoolLimits(perDatabase: 1), on: database) { pools, _ in
                let target = try database.target
                try await pools.withConnection(to: target, purpose: .claiming, deadline: .soon) { _ in
                    let late = await #expect(throws: PostgresError.self) {
                        try await pools.withConnection(
                            to: target,
                            purpose: .claiming,
                            deadline: .now + .milliseconds(50)
                        ) { _ in }
                    }
                    let task = Task {
                        try await pools.withConnection(to: target, purpose: .claiming, deadline: .soon) { _ in }
                    }
                    task.cancel()
                    let cancelled = await #expect(throws: PostgresError.self) { try await task.value }

                    #expect(late?.code == .timedOut)
                    #expect(late?.outcome == .notSent)
                    #expect(cancelled?.code == .cancelled)
                }
                try await pools.withConnection(to: target, purpose: .claiming, deadline: .soon) { _ in }
            }
        }
    }

    @Test("A server that hangs delays the callers of another one not at all")
    func hangingServer() async throws {
        try await withDatabase { database in
            try await withPools(on: database) { pools, _ in
                let url = try #require(URL(string: database.url))
                let proxy = try FaultyProxy(target: UInt16(try #require(url.port)))
                proxy.behave(.stall)
                let hanging = try PostgresTarget(database.url.replacingAuthority(proxy.port))
                async let stuck = Self.outcomes(of: 30, pools, hanging)
                try await Polling.wait(for: "the callers to wait") {
                    await pools.statistics.contains { $0.waiting == 30 }
                }
                let start = ContinuousClock.now

                try await pools.withConnection(to: try database.target, purpose: .claiming, deadline: .soon) {
                    connection in
                    _ = try await connection.run("SELECT 1")
                }

                #expect(ContinuousClock.now - start < .milliseconds(500))
                #expect(await stuck.allSatisfy { $0 == .timedOut })
                proxy.stop()
            }
        }
    }

    private static func outcomes(
        of count: Int,
        _ pools: PostgresPools,
        _ target: PostgresTarget
    ) async -> [PostgresError.Code?] {
        await withTaskGroup(of: PostgresError.Code?.self) { group in
            for _ in 0..<count {
                group.addTask {
                    do {
                        try await pools.withConnection(to: target, purpose: .claiming, deadline: .now + .seconds(1)) {
                            _ in
                        }
                        return nil
                    } catch {
                        return (error as? PostgresError)?.code
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }

    @Test("A database that cannot be reached is reported at once")
    func unreachable() async throws {
        try await withDatabase { database in
            try await withPools(on: database) { pools, _ in
                let target = try PostgresTarget(database.url.replacingDatabase("no_such_database_here"))

                let error = await #expect(throws: PostgresError.self) {
                    try await pools.withConnection(to: target, purpose: .opening, deadline: .soon) { _ in }
                }

                #expect(error?.sqlState == .invalidCatalogName)
                #expect(error?.outcome == .notSent)
            }
        }
    }

    @Test("After invalidation callers get new connections")
    func invalidation() async throws {
        try await withDatabase { database in
            try await withPools(on: database) { pools, _ in
                let statement = PostgresStatement("seven", "SELECT 7, pg_backend_pid()")
                let first = try await self.processID(pools, try database.target, statement)

                await pools.invalidate(try database.target)
                let second = try await self.processID(pools, try database.target, statement)

                #expect(first != second)
            }
        }
    }

    @Test("A listener hears what is sent, learns when its connection gives way, and hears again later")
    func listening() async throws {
        try await withDatabase { database in
            try await withDatabases(1, beside: database) { others in
                let limits = PoolLimits(perServer: 1, listenPause: .milliseconds(50))
                try await withPools(limits, on: database) { pools, _ in
                    let admin = try await database.connect()
                    let stream = await pools.listen(to: try database.target, channel: "Wake up")
                    var events = stream.makeAsyncIterator()

                    #expect(await events.next() == .resumed)
                    _ = try await admin.run(#"NOTIFY "Wake up", 'one'"#)
                    #expect(await events.next() == .notification(payload: "one"))
                    try await pools.withConnection(to: others[0], purpose: .claiming, deadline: .soon) { _ in }
                    #expect(await events.next() == .lost)
                    _ = try await admin.run(#"NOTIFY "Wake up", 'unheard'"#)
                    try await pools.withConnection(to: try database.target, purpose: .claiming, deadline: .soon) { _ in
                    }
                    #expect(await events.next() == .resumed)
                    _ = try await admin.run(#"NOTIFY "Wake up", 'two'"#)
                    #expect(await events.next() == .notification(payload: "two"))
                    await admin.close()
                }
            }
        }
    }

    @Test("A listener's connection that is lost is replaced, and is closed when nobody listens any more")
    func listenerLifetime() async throws {
        try await withDatabase { database in
            let limits = PoolLimits(idlePeriod: .milliseconds(50), listenPause: .milliseconds(50))
            try await withPools(limits, on: database) { pools, name in
                let admin = try await database.connect()
                let target = try database.target
                let task = Task {
                    var heard: [PostgresListenEvent] = []
                    for await event in await pools.listen(to: target, channel: "c") {
                        heard.append(event)
                        if heard.count == 3 { break }
                        guard heard.count == 1 else { continue }
                        _ = try await admin.query(
                            .unnamed(
                                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1"
                            ),
                            .text(name),
                            deadline: .soon
                        )
                    }
                    return heard
                }

                #expect(try await task.value == [.resumed, .lost, .resumed])
                try await Polling.wait(for: "the connection to go") {
                    await pools.statistics.allSatisfy { $0.total == 0 }
                }
                await admin.close()
            }
        }
    }
}
