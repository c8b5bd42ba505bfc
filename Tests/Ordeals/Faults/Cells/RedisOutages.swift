internal import ClusterHarness
internal import TestSupport

/// A Redis that does not answer anybody, though its sockets stay open.
extension FaultCell {
    static let redisOutages = [
        FaultCell(
            "redis-outage-stop",
            "Redis hangs for 30 s, on_redis_outage: stop (nobody may claim, everything runs afterwards)",
            length: .seconds(30)
        ) { trial in
            let (begin, end) = try await trial.hangRedis()
            // Trust in locks ends within their duration, and what was claimed before may run for a moment more.
            let runs = try await trial.ticks(startedBetween: begin + 6, and: end)
            await trial.expect(runs.isEmpty, "\(runs.count) runs began while nobody was entitled: \(runs.prefix(3))")
        },
        FaultCell(
            "redis-outage-continue",
            "Redis hangs for 30 s, on_redis_outage: continue (owners go on)",
            length: .seconds(30),
            shape: Shape(nodeArguments: ["--set", "coordination.on_redis_outage=continue"])
        ) { trial in
            let (begin, end) = try await trial.hangRedis()
            let runs = try await trial.ticks(startedBetween: begin, and: end)
            let counts = Dictionary(grouping: runs, by: { $0[0] }).mapValues(\.count)
            let idle = trial.cluster.tenants.filter { Double(counts[$0.id] ?? 0) < (end - begin) * 0.9 }.map(\.id)
            await trial.expect(idle.isEmpty, "did not go on: \(idle.map { "\($0): \(counts[$0] ?? 0) runs" })")
        },
    ]
}

extension FaultTrial {
    /// Lets Redis hang, and returns from when to when, by the tenants' Postgres.
    fileprivate nonisolated func hangRedis() async throws -> (begin: Double, end: Double) {
        let begin = try await self.cluster.now()
        self.cluster.redis.pause()
        try await self.pass()
        let end = try await self.cluster.now()
        self.cluster.redis.resume()
        return (begin, end)
    }

    /// Runs of the job that is due every second, by when they began.
    fileprivate nonisolated func ticks(startedBetween begin: Double, and end: Double) async throws -> [[String]] {
        // Once work goes on, the history of the outage is written.
        try await self.cluster.waitUntilAllRun(within: .seconds(30))
        return try await self.cluster.queryAll(
            "SELECT scheduled_for, started_at, node FROM @.runs WHERE job_name = 'tick' AND state = 'completed' "
                + "AND started_at BETWEEN to_timestamp(\(begin)) AND to_timestamp(\(end))"
        )
    }
}
