internal import ClusterHarness
internal import TestSupport

/// All nodes are replaced, one after the other, under load: as an upgrade does it.
extension FaultCell {
    static let rollingRestart = FaultCell(
        "rolling-restart",
        "SIGTERM of each node in turn, which then starts again"
    ) { trial in
        for node in await trial.nodes {
            try await trial.terminate(node)
            try await trial.start(node.id)
            try await trial.cluster.waitUntilMembers(3)
        }
        let charged = try await trial.cluster.queryAll("SELECT run_id FROM @.runs WHERE attempt > 1 LIMIT 1")
        await trial.expect(charged.isEmpty, "attempts were charged: \(charged.prefix(3))")
    }
}
