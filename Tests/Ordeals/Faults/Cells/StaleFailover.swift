internal import ClusterHarness
internal import TestSupport

/// A failover of Redis to a replica that had not heard of the last takeovers.
extension FaultCell {
    static let staleFailover = FaultCell(
        "redis-failover-stale",
        "Sentinel promotes a replica that lags behind a takeover by 8 s",
        shape: Shape(hasSentinels: true)
    ) { trial in
        guard let group = trial.sentinels else { preconditionFailure("the cell asks for Sentinels") }
        for sentinel in group.sentinels {
            // A replica that has been cut off for ten times as long is no candidate.
            let name = PrivateRedisSentinels.masterName
            try await sentinel.command("SENTINEL", "SET", name, "down-after-milliseconds", "2000")
        }
        // A password that the master does not want: the replica keeps what it has, and cannot come back.
        try await group.replica.command("CONFIG", "SET", "masterauth", "wrong")
        try await group.master.command("CLIENT", "KILL", "TYPE", "replica")
        let victim = try await trial.follower()
        try await trial.kill(victim)
        try await trial.pass()
        let before = try await trial.cluster.epochs()
        let stale = try await group.replica.command("HGETALL", "tenure:{\(TestCluster.name)}:epochs")
        let fresh = try await group.master.command("HGETALL", "tenure:{\(TestCluster.name)}:epochs")
        await trial.expect(stale != fresh, "the replica was not behind")

        try await group.master.kill()
        try await trial.cluster.waitUntil(within: .seconds(30), "the replica takes over") {
            try await group.replica.command("ROLE").hasPrefix("master")
        }
        try await trial.cluster.waitUntilAllRun(within: .seconds(30))
        let after = try await trial.cluster.epochs()
        let back = trial.cluster.tenants.map(\.id).filter { after[$0] ?? -1 < before[$0] ?? 0 }
        await trial.expect(back.isEmpty, "epochs went back: \(back)")
        try await trial.start(victim.id)
    }
}
