import ClusterHarness
import Foundation
import TestSupport
import Testing

/// Servers that forget, restart, hang or go away under load.
// One at a time: each test measures the times of a whole cluster.
@Suite("Outages", .needsPrivatePostgres, .needsPrivateRedis, .serialized)
struct OutageTests {
    @Test(
        "A8: FLUSHALL and a Redis restart with an empty data set lose nothing, and epochs grow",
        .timeLimit(.minutes(4))
    )
    func forgetfulRedis() async throws {
        let cluster = try await TestCluster.start()
        let nodes = try await cluster.startNodes(3)
        let timers = TimerStream.start(cluster)

        for kind in ["flush", "restart"] {
            let before = try await cluster.epochs()
            let since = try await cluster.now()
            if kind == "flush" {
                _ = try await cluster.redis.command("FLUSHALL")
            } else {
                try await cluster.redis.kill()
                try await cluster.redis.startAgain()
            }
            try await cluster.waitUntilAllRun(within: .seconds(20))
            let audit = try await Audit.of(cluster, since: since)
            #expect(audit.worstLateness.values.max() ?? 0 <= 10, "owned again within 10 s after \(kind)")
            let after = try await cluster.epochs()
            for (tenant, epoch) in after { #expect(epoch > before[tenant] ?? 0, "epoch of \(tenant) after \(kind)") }
            try await cluster.waitUntilMembers(3)
        }

        try await timers.stop()
        try await cluster.expectTimersDone()
        try await Audit.of(cluster).expectSound()
        _ = nodes
        try await cluster.stop()
    }

    @Test("Postgres restarted under load: work resumes by itself", .timeLimit(.minutes(3)))
    func restartedPostgres() async throws {
        let cluster = try await TestCluster.start()
        let nodes = try await cluster.startNodes(3)
        let timers = TimerStream.start(cluster)
        try await Task.sleep(for: .seconds(3))

        try await cluster.postgres.stop()
        try await cluster.postgres.startAgain()
        try await cluster.waitUntilAllRun(within: .seconds(30))

        try await timers.stop()
        try await cluster.expectTimersDone()
        try await Audit.of(cluster).expectSound()
        _ = nodes
        try await cluster.stop()
    }

    @Test(
        "A21: a dropped database, a hanging server, a broken schema: lateness of the others stays; they recover",
        .timeLimit(.minutes(4))
    )
    func brokenTenants() async throws {
        let cluster = try await TestCluster.start()
        let hanging = try await PrivatePostgres.start()
        let nodes = try await cluster.startNodes(3)
        let dropped = cluster.tenants[0]
        let damaged = cluster.tenants[1]
        let others = Array(cluster.tenants.dropFirst(2))
        _ = try await hanging.query("CREATE DATABASE hanging")
        try await cluster.tenure("tenants", "add", "hanging", "--connection", hanging.url(database: "hanging"))
        try await cluster.waitUntil(within: .seconds(10), "the added tenant is open (A24)") {
            nodes.contains { $0.events("tenant.opened").contains { $0["tenant"] as? String == "hanging" } }
        }

        let calmFrom = try await cluster.now()
        try await Task.sleep(for: .seconds(15))
        let calm = try await Audit.of(cluster, since: calmFrom, tenants: others).worstLateness.values.max() ?? 0
        hanging.pause()
        _ = try await cluster.postgres.query("DROP DATABASE \(dropped.database) WITH (FORCE)")
        _ = try await cluster.query(damaged, "ALTER TABLE @.work RENAME TO work_gone")
        let brokenFrom = try await cluster.now()
        try await Task.sleep(for: .seconds(20))
        let broken = try await Audit.of(cluster, since: brokenFrom, tenants: others)

        let worst = broken.worstLateness.values.max() ?? 0
        #expect(
            worst <= max(0.5, calm * 2),
            "lateness of the others: \(calm) s before, \(worst) s with three broken tenants"
        )
        #expect(nodes.contains { !$0.events("tenant.failed").isEmpty }, "an event says so")
        broken.expectSound()
        hanging.resume()
        _ = try await cluster.query(damaged, "ALTER TABLE @.work_gone RENAME TO work")
        try await cluster.waitUntilAllRun(within: .seconds(40), tenants: [damaged])
        _ = try await hanging.query("SELECT tenure.enqueue('t')", database: "hanging")
        try await cluster.waitUntil(within: .seconds(40), "the tenant on the server that hung works again") {
            try await hanging.query("SELECT count(*) FROM tenure.runs WHERE state = 'completed'", database: "hanging")
                .hasPrefix("1")
        }
        // The tenant that hung may have been moved meanwhile: its new owner has nothing to recover from.
        try await cluster.waitUntil(within: .seconds(40), "an event says that \(damaged.id) has recovered") {
            nodes.contains { $0.events("tenant.recovered").contains { $0["tenant"] as? String == damaged.id } }
        }
        try await hanging.stop()
        try await cluster.stop()
    }

    @Test("A23: the registry stopped for a minute, nothing is dropped", .timeLimit(.minutes(4)))
    func stoppedRegistry() async throws {
        let cluster = try await TestCluster.start(databases: 4, schemasInTwoMore: 8, registryApart: true)
        let nodes = try await cluster.startNodes(3)
        try await cluster.waitUntilBalanced()
        let before = try await cluster.epochs()

        try await cluster.registry.stop()
        try await Task.sleep(for: .seconds(60))
        try await cluster.waitUntilAllRun()

        #expect(try await cluster.epochs() == before, "no tenant changed hands")
        #expect(nodes.contains { !$0.events("discovery.failed").isEmpty }, "an event says so")
        #expect(nodes.allSatisfy { $0.events("tenant.removed").isEmpty })
        try await Audit.of(cluster).expectSound()
        try await cluster.registry.startAgain()
        try await cluster.stop()
    }
}
