internal import ClusterHarness
internal import TestSupport

/// One node that is cut off: bytes are neither delivered nor refused, and are delivered late in the end.
extension FaultCell {
    static let partitions = [
        FaultCell(
            "partition-redis",
            "one node is cut off from Redis for 20 s",
            length: .seconds(20),
            takeoverLimit: .seconds(6.5),
            shape: Shape(hasProxies: true),
            suffer: { try await $0.cutOff(from: [.redis]) }
        ),
        FaultCell(
            "partition-redis-replies",
            "one node's requests reach Redis, the replies do not, for 20 s",
            length: .seconds(20),
            shape: Shape(hasProxies: true),
            suffer: { try await $0.cutOff(from: [.redis], by: .stallReplies) }
        ),
        FaultCell(
            "partition-postgres",
            "one node is cut off from Postgres (tenants and registry) for 30 s",
            length: .seconds(30),
            shape: Shape(hasProxies: true),
            suffer: { try await $0.cutOff(from: [.postgres]) }
        ),
        FaultCell(
            "partition-both",
            "one node is cut off from Redis and from Postgres for 20 s",
            length: .seconds(20),
            takeoverLimit: .seconds(6.5),
            shape: Shape(hasProxies: true),
            suffer: { try await $0.cutOff(from: [.redis, .postgres]) }
        ),
    ]

    fileprivate enum Server { case redis, postgres }
}

extension FaultTrial {
    /// Cuts one node off and lets it come back.
    fileprivate func cutOff(
        from servers: Set<FaultCell.Server>,
        by behaviour: FaultyProxy.Behaviour = .stall
    ) async throws {
        let victim = try await self.follower()
        guard let proxies = self.proxies[victim.id] else { preconditionFailure("the cell asks for proxies") }
        try await self.lose(victim)
        if servers.contains(.redis) { proxies.redis.behave(behaviour) }
        if servers.contains(.postgres) { proxies.postgres.behave(behaviour) }
        try await self.pass()
        // While it is cut off everything runs elsewhere.
        try await self.cluster.waitUntilAllRun(within: .seconds(15))
        let owners = try await self.cluster.owners()
        let kept = owners.filter { $0.value == victim.id }.keys.sorted()
        self.expect(kept.isEmpty, "\(victim.id) still owns \(kept.prefix(5).joined(separator: ", "))")
        proxies.redis.behave(.pass)
        proxies.postgres.behave(.pass)
    }
}
