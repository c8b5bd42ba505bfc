import ClusterHarness
import Foundation
import TestSupport
import Testing

/// What tenants cost that have nothing to do.
// One at a time: each test measures the times of a whole cluster.
@Suite("Idle tenants", .needsPrivatePostgres, .needsPrivateRedis, .serialized)
struct IdleTests {
    /// How many; `TENURE_IDLE_TENANTS=1000` measures what the manual says.
    private static let count = Int(ProcessInfo.processInfo.environment["TENURE_IDLE_TENANTS"] ?? "") ?? 100

    @Test(
        "A22: idle tenants cost under 5 queries/s and 20 connections in all; what is due runs in time all the same",
        .timeLimit(.minutes(12))
    )
    func idle() async throws {
        let cluster = try await TestCluster.start(databases: 0, schemasInTwoMore: Self.count, isIdle: true)
        let nodes = try (1...3).map { try cluster.startNode("node-\($0)") }
        try await cluster.waitUntil(within: .seconds(300), every: .seconds(1), "every tenant is owned") {
            try await cluster.owners().values.allSatisfy { !$0.isEmpty }
        }
        try await cluster.waitUntil(within: .seconds(180), every: .seconds(2), "the connections are given up") {
            try await self.connections(cluster) <= 20
        }
        let last = cluster.tenants[Self.count - 1]
        _ = try await cluster.query(last, "SELECT @.schedule_timer('t', now() + interval '50 seconds')")
        try await Task.sleep(for: .seconds(15))

        let (before, from) = (try await self.transactions(cluster), ContinuousClock.now)
        try await Task.sleep(for: .seconds(20))
        let after = try await self.transactions(cluster)
        let seconds = Double(from.duration(to: .now).components.seconds)
        let rate = Double(after - before) / seconds
        let connections = try await self.connections(cluster)

        let message = "\(Self.count) idle tenants on 3 nodes: \(rate) queries/s, \(connections) connections"
        FileHandle.standardError.write(Data("\(message)\n".utf8))
        #expect(rate < 5, "\(message)")
        #expect(connections <= 20, "\(message)")

        // From outside, by a session that no node knows of.
        _ = try await cluster.query(cluster.tenants[0], "SELECT @.enqueue('t')")
        try await cluster.waitUntil(within: .seconds(60), "both have run") {
            try await cluster.queryAll(
                "SELECT 1 FROM @.runs WHERE state = 'completed'",
                tenants: [
                    cluster.tenants[0], last,
                ]
            ).count == 2
        }
        let late = try await cluster.queryAll(
            "SELECT kind, extract(epoch FROM started_at - due_at) FROM @.runs",
            tenants: [cluster.tenants[0], last]
        )
        for row in late {
            let seconds = try #require(Double(row[2]))
            FileHandle.standardError.write(Data("an idle tenant's \(row[1]) ran \(seconds) s after it was due\n".utf8))
            #expect(seconds <= (row[1] == "timer" ? 1 : 2), "\(row)")
        }
        _ = nodes
        try await cluster.stop()
    }

    /// Sessions of nodes.
    private func connections(_ cluster: TestCluster) async throws -> Int {
        let text = try await cluster.postgres.query(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'tenure%'"
        )
        return try #require(Int(text.trimmingCharacters(in: .whitespacesAndNewlines)))
    }

    /// Transactions of everybody so far; each query of a node is one.
    private func transactions(_ cluster: TestCluster) async throws -> Int {
        let text = try await cluster.postgres.query(
            "SELECT sum(xact_commit + xact_rollback)::bigint FROM pg_stat_database"
        )
        return try #require(Int(text.trimmingCharacters(in: .whitespacesAndNewlines)))
    }
}
