internal import ClusterHarness
internal import Foundation
internal import TestSupport

/// A node that stands still for longer than every lease, and goes on as if nothing had happened.
extension FaultCell {
    static let pauses = [
        FaultCell(
            "pause",
            "SIGSTOP of a node for 60 s, then SIGCONT",
            length: .seconds(60),
            takeoverLimit: .seconds(5)
        ) { trial in
            let victim = try await trial.anyNode()
            try await trial.lose(victim)
            victim.process.signal(SIGSTOP)
            try await trial.pass()
            let epochs = try await trial.cluster.epochs()
            let wokenAt = try await trial.cluster.now()
            victim.process.signal(SIGCONT)
            try await trial.cluster.waitUntilMembers(3)
            let late = try await trial.cluster.queryAll(
                "SELECT run_id, epoch FROM @.runs WHERE node = '\(victim.id)' AND state = 'completed' "
                    + "AND started_at > to_timestamp(\(wokenAt))"
            )
            for row in late where Int(row[2]) ?? 0 <= epochs[row[0]] ?? 0 {
                await trial.object("accepted under an old epoch: \(row)")
            }
        }
    ]
}
