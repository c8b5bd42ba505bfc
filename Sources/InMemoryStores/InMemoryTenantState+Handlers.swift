internal import TenureCore

extension InMemoryTenantState {
    /// Whether a claim names a run.
    func isHeld(_ run: TransactionalRun) -> Bool {
        self.claims[run.batch]?.ids.contains(run.id) ?? false
    }

    /// Completes a run with the commit of its handler's transaction, if its claim stands and its row is there.
    mutating func complete(_ run: TransactionalRun, _ report: RunReport, at now: ServerTime) -> TransactionEnd {
        guard self.isHeld(run), let row = self.work[run.id] else { return .gone }
        let outcome = Outcome(
            id: run.id,
            attempt: row.item.attempts + 1,
            verdict: .completed,
            startedAt: run.startedAt,
            finishedAt: now,
            report: report
        )
        switch self.settle(Settlement(batch: run.batch, outcomes: [outcome]), at: now) {
        case .accepted: return .committed
        case .gone: return .gone
        case .failed(let error): return .unknown(error)
        }
    }

    /// Stores how far runs say that they are, where a claim of the epoch names them.
    mutating func report(_ reports: [ProgressReport]) {
        for report in reports where self.work[report.id] != nil {
            let isHeld = self.claims.values.contains { $0.epoch == report.epoch && $0.ids.contains(report.id) }
            if isHeld { self.progress[report.id] = report.progress }
        }
    }
}
