internal import ClusterHarness
internal import TestSupport

/// A Redis that loses everything: tenants may move, but no epoch goes back.
extension FaultCell {
    static let forgetfulRedis = [
        FaultCell("redis-flush", "FLUSHALL") { trial in
            try await trial.expectEpochsGrow {
                try await trial.cluster.redis.command("FLUSHALL")
                try await trial.pass()
            }
        },
        FaultCell("redis-restart-empty", "Redis is killed and comes back without its data") { trial in
            try await trial.expectEpochsGrow {
                try await trial.cluster.redis.kill()
                try await trial.cluster.redis.startAgain()
                try await trial.pass()
            }
        },
    ]
}

extension FaultTrial {
    /// Objects unless every tenant has a higher epoch afterwards.
    nonisolated func expectEpochsGrow(_ body: () async throws -> Void) async throws {
        let before = try await self.cluster.epochs()
        try await body()
        try await self.cluster.waitUntilAllRun(within: .seconds(20))
        let after = try await self.cluster.epochs()
        let stuck = self.cluster.tenants.map(\.id).filter { after[$0] ?? -1 <= before[$0] ?? 0 }
        await self.expect(stuck.isEmpty, "the epoch did not grow: \(stuck.prefix(5).joined(separator: ", "))")
    }
}
