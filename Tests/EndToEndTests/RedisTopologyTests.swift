import ClusterHarness
import Foundation
import TestSupport
import Testing

/// Redis as a group of servers: when the one that has the cluster's keys dies, its copy takes over, and the cluster
/// goes on there.
// One at a time: each test measures the times of a whole cluster.
@Suite("Redis topologies", .needsPrivatePostgres, .needsPrivateRedis, .serialized)
struct RedisTopologyTests {
    @Test("Sentinel: kill -9 of the primary, every tenant runs again soon, epochs grow", .timeLimit(.minutes(2)))
    func sentinel() async throws {
        let group = try await PrivateRedisSentinels.start()
        let cluster = try await TestCluster.start(databases: 4, schemasInTwoMore: 8, redisURL: group.url)
        try await self.expectSurvival(of: cluster, losing: group.master, to: group.replica)
        try await cluster.stop()
        try await group.stop()
    }

    @Test(
        "Cluster: kill -9 of the primary of the keys' slot, every tenant runs again soon, epochs grow",
        .timeLimit(.minutes(2))
    )
    func redisCluster() async throws {
        let group = try await PrivateRedisCluster.start()
        let slot = try #require(Int(try await group.nodes[0].command("CLUSTER", "KEYSLOT", "{\(TestCluster.name)}")))
        let index = try #require(PrivateRedisCluster.ranges.firstIndex { $0.contains(slot) })
        let replica = try await group.addReplica(ofNode: index)
        let hosts = group.nodes.map { "127.0.0.1:\($0.port)" }.joined(separator: ",")
        let cluster = try await TestCluster.start(
            databases: 4,
            schemasInTwoMore: 8,
            redisURL: "redis+cluster://\(hosts)"
        )
        try await self.expectSurvival(of: cluster, losing: group.nodes[index], to: replica)
        try await cluster.stop()
        try await replica.kill()
        try await group.stop()
    }

    /// Runs nodes, kills the primary, waits for the replica to take over, and checks that the cluster does all of its
    /// work there: locks, leadership, and the takeover from a node that dies.
    private func expectSurvival(
        of cluster: TestCluster,
        losing primary: PrivateRedis,
        to replica: PrivateRedis
    ) async throws {
        let nodes = try await cluster.startNodes(3)
        let timers = TimerStream.start(cluster)
        try await cluster.waitUntilMembers(3)
        let before = try await cluster.epochs()

        let killedAt = try await cluster.now()
        try await primary.kill()
        try await cluster.waitUntil(within: .seconds(20), "the replica takes over") {
            try await replica.command("ROLE").hasPrefix("master")
        }
        let promotedAt = try await cluster.now()
        try await cluster.waitUntil(within: .seconds(20), every: .seconds(1), "every tenant is owned") {
            let status = try await cluster.status()
            return status.owners.count == cluster.tenants.count && status.leader != nil
        }
        try await cluster.waitUntilAllRun(within: .seconds(20))
        let ranAt = try await cluster.now()
        let message = "the failover took \(promotedAt - killedAt) s, everything ran \(ranAt - promotedAt) s after it"
        FileHandle.standardError.write(Data("\(message)\n".utf8))
        #expect(ranAt - promotedAt <= 20, "\(message)")
        let after = try await cluster.epochs()
        for (tenant, epoch) in after { #expect(epoch >= before[tenant] ?? 0, "epoch of \(tenant)") }
        try await cluster.waitUntilMembers(3)

        let victim = try #require(nodes.last)
        victim.process.signal(SIGKILL)
        try await cluster.waitUntil(within: .seconds(20), "the tenants of a node that died are elsewhere") {
            try await cluster.owners().values.allSatisfy { $0 != victim.id }
        }
        for (tenant, epoch) in try await cluster.epochs() {
            #expect(epoch >= after[tenant] ?? 0, "epoch of \(tenant)")
        }

        try await timers.stop()
        try await cluster.waitUntilAllRun(within: .seconds(20))
        try await cluster.expectTimersDone()
        try await Audit.of(cluster).expectSound()
    }
}
