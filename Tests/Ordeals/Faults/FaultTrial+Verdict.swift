internal import ClusterHarness
internal import Foundation
internal import TestSupport

/// Quiet after the fault, and what the databases say then.
extension FaultTrial {
    /// How long the cluster has until every tenant runs again.
    private static let recoveryLimit: Duration = .seconds(40)

    /// Waits until the cluster is itself again, and judges what it did.
    func judge() async throws -> FaultReport {
        var report = FaultReport(cell: self.cellName)
        do {
            report.recovery = try await self.recover()
        } catch {
            self.object("after the fault: \(error)")
        }
        await self.measure(&report)
        report.timeline = "\(self.everything)"
        for node in self.nodes { node.process.signal(SIGTERM) }
        for node in self.nodes {
            do {
                let ending = try await node.waitForEnd(within: .seconds(45))
                self.expect(ending == .exited(0), "\(node.id) ended with \(ending)")
            } catch {
                self.object("\(node.id) does not end: \(error)")
            }
        }
        report.problems = self.problems
        return report
    }

    /// What every node said, in the order of time.
    private var everything: Timeline {
        let tenants = (self.cluster.tenants + self.guests).map(\.id)
        return Timeline(of: tenants, from: self.everyNode, since: 0, limit: .max)
    }

    /// Waits until every tenant runs, no timer is left, and all nodes take part. Returns how long the first of it took.
    private func recover() async throws -> Double {
        let clock = ContinuousClock()
        let start = clock.now
        try await self.cluster.waitUntilAllRun(within: Self.recoveryLimit)
        let recovery = start.duration(to: clock.now) / .seconds(1)
        try await self.cluster.waitUntilMembers(self.nodes.count, within: Self.recoveryLimit)
        try await self.stopLoad()
        for problem in try await self.cluster.unsoundTimers(within: Self.recoveryLimit) { self.object(problem) }
        return recovery
    }

    private func measure(_ report: inout FaultReport) async {
        do {
            try await self.audit(&report)
            report.takeovers = Figures(try await self.takeovers())
            let moves = self.everyNode.flatMap { $0.events("handover.completed") }
            report.gaps = Figures(moves.compactMap { $0["gap_ms"] as? Double })
            let runs = try await self.cluster.queryAll(
                "SELECT round(extract(epoch FROM started_at - due_at), 4) FROM @.runs WHERE state = 'completed'"
            )
            report.lateness = Figures(runs.compactMap { Double($0[1]) })
        } catch {
            self.object("the databases do not answer: \(error)")
        }
        if let limit = self.takeoverLimit, let worst = report.takeovers.worst {
            self.expect(.seconds(worst) <= limit, "a takeover took \(Figures.text(worst, digits: 1)) s")
        }
    }

    private func audit(_ report: inout FaultReport) async throws {
        let audit = try await Audit.of(self.cluster, tenants: self.cluster.tenants + self.guests)
        report.twice = audit.doubled.count
        report.lost = audit.missing.count
        for (what, rows) in [("missing", audit.missing), ("twice", audit.doubled), ("skipped", audit.skipped)]
        where !rows.isEmpty {
            self.object("\(rows.count) \(what): \(rows.prefix(5).joined(separator: ", "))")
        }
        self.expect(audit.completed > 0, "nothing ran")
        let (ending, output) = try await self.cluster.run(["audit"])
        self.expect(ending == .exited(0), "tenure audit: \(ending)\n\(output)")
    }

    /// For each tenant of each node that went away: seconds until it ran elsewhere.
    private func takeovers() async throws -> [Double] {
        var seconds: [Double] = []
        for loss in self.losses {
            let rows = try await self.cluster.queryAll(
                "SELECT extract(epoch FROM min(started_at)) - \(loss.at) FROM @.runs WHERE state = 'completed' "
                    + "AND node <> '\(loss.node)' AND started_at > to_timestamp(\(loss.at)) HAVING count(*) > 0"
            )
            let taken = rows.filter { loss.tenants.contains($0[0]) }.compactMap { Double($0[1]) }
            if taken.count < loss.tenants.count, self.takeoverLimit != nil {
                self.object("\(loss.tenants.count - taken.count) tenants of \(loss.node) never ran elsewhere")
            }
            seconds += taken
        }
        return seconds
    }
}
