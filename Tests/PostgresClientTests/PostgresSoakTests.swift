import Foundation
import IOReactor
import PostgresClient
import Synchronization
import TestSupport
import Testing

@Suite("PostgresPools: soak", .needsPostgres, .timeLimit(.minutes(1)))
struct PostgresSoakTests {
    /// What callers were told, by the rows that they inserted.
    private struct Tally {
        var answered: [Int] = []
        var failed: [Int] = []
        var unknown: [Int] = []
    }

    private final class Ledger: Sendable {
        let tally = Mutex(Tally())
    }

    @Test("While connections are cut again and again, every caller is told once, and what it is told is true")
    func cuts() async throws {
        try await withDatabase { database in
            let admin = try await database.connect()
            _ = try await admin.run("CREATE TABLE t (id int8 PRIMARY KEY)")
            let url = try #require(URL(string: database.url))
            let proxy = try FaultyProxy(target: UInt16(try #require(url.port)))
            let target = try PostgresTarget(database.url.replacingAuthority(proxy.port))
            let pools = PostgresPools(reactor: database.reactor, limits: PoolLimits(perServer: 8, perDatabase: 8))
            let ledger = Ledger()
            let isDone = Atomic(false)
            async let cutting: Void = {
                while !isDone.load(ordering: .relaxed) {
                    try await ContinuousClock().sleep(for: .milliseconds(50))
                    proxy.cut()
                }
            }()

            await withTaskGroup(of: Void.self) { group in
                for task in 0..<50 {
                    group.addTask {
                        for round in 0..<60 { await Self.insert(task * 1000 + round, pools, target, ledger) }
                    }
                }
            }
            isDone.store(true, ordering: .relaxed)
            try await cutting
            await pools.close()
            proxy.stop()

            let rows = try await admin.run("SELECT id FROM t")
            let stored = Set(try rows.map { try $0.int(0) })
            let result = ledger.tally.withLock { $0 }
            #expect(result.answered.count + result.failed.count + result.unknown.count == 3000)
            #expect(result.answered.allSatisfy { stored.contains($0) })
            #expect(!result.failed.contains { stored.contains($0) })
            #expect(stored.isSubset(of: result.answered + result.unknown))
            #expect(!result.answered.isEmpty)
            await admin.close()
        }
    }

    private static func insert(
        _ id: Int,
        _ pools: PostgresPools,
        _ target: PostgresTarget,
        _ ledger: Ledger
    ) async {
        do {
            try await pools.withConnection(to: target, purpose: .claiming, deadline: .soon) { connection in
                let statement = PostgresStatement("insert", "INSERT INTO t VALUES ($1)")
                _ = try await connection.query(statement, .int(id), deadline: .soon)
            }
            ledger.tally.withLock { $0.answered.append(id) }
        } catch {
            let mayHaveHappened = (error as? PostgresError)?.mayHaveHappened ?? true
            ledger.tally.withLock { mayHaveHappened ? $0.unknown.append(id) : $0.failed.append(id) }
        }
    }

    @Test("Of thousands of pipelined requests on one connection that is cut, none is lost or told twice")
    func pipelinedCuts() async throws {
        try await withDatabase { database in
            let admin = try await database.connect()
            _ = try await admin.run("CREATE TABLE t (id int8 PRIMARY KEY)")
            let url = try #require(URL(string: database.url))
            let proxy = try FaultyProxy(target: UInt16(try #require(url.port)))
            let target = try PostgresTarget(database.url.replacingAuthority(proxy.port))
            let insert = PostgresStatement("insert", "INSERT INTO t VALUES ($1)")

            for round in 0..<10 {
                let connection = try await PostgresConnection.open(target, reactor: database.reactor, deadline: .soon)
                let ids = (0..<1500).map { round * 10_000 + $0 }
                let reply = await connection.start(ids.map { PostgresUnit(insert, .int($0)) }, deadline: .soon)
                try await Polling.wait(for: "some rows", every: .milliseconds(1)) {
                    let sql = "SELECT count(*) FROM t WHERE id >= \(round * 10_000)"
                    return try await admin.run(sql).single().int(0) >= 50 * round
                }
                proxy.cut()
                let results = await reply.results()
                try await Self.waitForSessions(admin)
                let rows = try await admin.run("SELECT id FROM t WHERE id >= \(round * 10_000)")
                let stored = Set(try rows.map { try $0.int(0) })

                for (id, result) in zip(ids, results) {
                    switch result {
                    case .success: #expect(stored.contains(id))
                    case .failure(let error) where error.outcome == .notSent: #expect(!stored.contains(id))
                    case .failure(let error): #expect(error.mayHaveHappened)
                    }
                }
            }
            proxy.stop()
            await admin.close()
        }
    }

    /// Waits until sessions whose network was cut have ended, and with them what they were doing.
    private static func waitForSessions(_ admin: PostgresConnection) async throws {
        try await Polling.wait(for: "the sessions to end") {
            let sql =
                "SELECT count(*) FROM pg_stat_activity "
                + "WHERE datname = current_database() AND backend_type = 'client backend'"
            return try await admin.run(sql).single().int(0) == 1
        }
    }
}
