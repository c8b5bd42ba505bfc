internal import ClusterHarness
internal import TestSupport

/// Nodes that die without a word.
extension FaultCell {
    static let deaths = [
        FaultCell("kill-follower", "kill -9 of a node that does not lead", takeoverLimit: .seconds(5)) { trial in
            let victim = try await trial.follower()
            try await trial.kill(victim)
            try await trial.pass()
            try await trial.start(victim.id)
        },
        FaultCell("kill-leader", "kill -9 of the node that leads", takeoverLimit: .seconds(5)) { trial in
            let victim = try await trial.leader()
            try await trial.kill(victim)
            try await trial.pass()
            try await trial.start(victim.id)
        },
        FaultCell(
            "kill-rebalancing-leader",
            "kill -9 of the leader in the middle of the moves to a node that has joined",
            takeoverLimit: .seconds(5)
        ) { trial in
            let leader = try await trial.leader()
            let planned = leader.events("rebalance.planned").count
            try await trial.start("node-4")
            try await Polling.wait(for: "the plan of a rebalance", within: .seconds(40)) {
                leader.events("rebalance.planned").count > planned
            }
            try await trial.kill(leader)
            try await trial.pass()
            try await trial.start(leader.id)
        },
    ]
}
