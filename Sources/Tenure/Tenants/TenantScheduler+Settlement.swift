internal import Logging

extension TenantScheduler {
    /// Takes over what has ended and frees its slots.
    func collectFinished() {
        let finished = self.runs.takeFinished()
        guard !finished.isEmpty else { return }
        self.environment.dispatcher.release(self.membership, finished.count)
        self.queue.ended(finished.lazy.map(\.item.id))
        self.progress.forget(finished.map(\.item.id))
        let settled = finished.filter(\.isSettled)
        // Committed with their handlers' transactions. No scan is under way here: one that is sent from now on does not
        // see their rows.
        if !settled.isEmpty { self.noteSettled(settled) }
        let unsettled = settled.isEmpty ? finished : finished.filter { !$0.isSettled }
        guard !unsettled.isEmpty else { return }
        if self.unsettled.isEmpty { self.firstUnsettledAt = self.now }
        self.unsettled.append(contentsOf: unsettled)
    }

    private func noteSettled(_ runs: [FinishedRun]) {
        for (isLone, group) in [(true, runs.filter(\.isLone)), (false, runs.filter { !$0.isLone })] {
            guard !group.isEmpty else { continue }
            self.queue.settled(group.map(\.item.id), wasLone: isLone)
        }
        self.noteEnds(runs)
    }

    /// Stores what runs said about their progress, together, if it is time for it.
    func storeProgress() async {
        guard let dueAt = self.progress.dueAt(now: self.now), dueAt <= self.now else { return }
        let reports = self.progress.take(at: self.now)
        do {
            try await self.store.report(reports)
        } catch {
            self.progress.putBack(reports)
            self.log.debug("progress could not be stored", metadata: ["error": "\(error)"])
        }
    }

    /// When the collected ends are to be settled: at once when nothing of the tenant runs any more, or many have
    /// gathered; a little later otherwise, so that one round trip carries many.
    var settleAt: MonotonicInstant? {
        guard !self.unsettled.isEmpty else { return nil }
        let isGroup = self.unsettled.count >= self.environment.runs.batchSize / 4 || self.runs.runningCount == 0
        return isGroup ? self.now : self.firstUnsettledAt.advanced(by: Self.settleDelay)
    }

    func takeSettleable(force: Bool) -> [FinishedRun] {
        self.collectFinished()
        guard let settleAt, force || settleAt <= self.now else { return [] }
        defer { self.unsettled = [] }
        return self.unsettled
    }

    /// One settlement for each claim, in a fixed order.
    static func settlements(of finished: [FinishedRun]) -> [Settlement] {
        var outcomes: [BatchID: [Outcome]] = [:]
        for run in finished { outcomes[run.batch, default: []].append(run.outcome) }
        return outcomes.sorted { $0.key < $1.key }.map { Settlement(batch: $0.key, outcomes: $0.value) }
    }

    /// Settles without claiming.
    func settleOnly() async {
        let finished = self.takeSettleable(force: false)
        guard !finished.isEmpty else { return }
        let settlements = Self.settlements(of: finished)
        let reply = await self.store.exchange(Exchange(settlements: settlements))
        self.take(reply.settlements, for: settlements, finished)
    }

    /// Forgets what was accepted, cancels what lost its claim, and keeps the rest for the next try.
    func take(_ results: [SettlementResult], for settlements: [Settlement], _ finished: [FinishedRun]) {
        let byBatch = Dictionary(grouping: finished, by: \.batch)
        for (settlement, result) in zip(settlements, results) {
            let runs = byBatch[settlement.batch] ?? []
            let wasLone = runs.contains { $0.isLone }
            switch result {
            case .accepted:
                self.queue.settled(settlement.outcomes.map(\.id), wasLone: wasLone)
                self.noteEnds(runs)
            case .gone:
                self.queue.settled(settlement.outcomes.map(\.id), wasLone: wasLone)
                self.queue.rescan()
                self.runs.cancel(batch: settlement.batch)
                // A part of the claim may stand all the same: what nobody settles any more is given back.
                self.needsOpening = true
            case .failed(let error):
                if self.unsettled.isEmpty { self.firstUnsettledAt = self.now }
                self.unsettled.append(contentsOf: runs)
                // It may have happened: opening again tells which ends are still to be settled.
                if error.code == .outcomeUnknown { self.needsOpening = true }
                self.failed(error)
            }
        }
    }

    private func noteEnds(_ runs: [FinishedRun]) {
        let events = self.environment.events
        for run in runs {
            func fields() -> [ClusterEvent.Field] {
                [
                    .tenant(self.tenant.id), .text("run_id", run.item.id.description), .text("topic", run.item.topic),
                    .count("attempt", run.outcome.attempt),
                ]
            }
            switch run.outcome.verdict {
            case .completed, .cancelled: events.emitWork(.runCompleted, fields)
            case .retry, .snoozed, .released: events.emitWork(.runRetried, fields)
            case .discarded(let reason):
                events.emit(
                    .runDiscarded,
                    fields() + [.text("reason", reason), .text("error", run.outcome.error ?? "")]
                )
            }
            if case .retry(let delay) = run.outcome.verdict { self.noteDue(after: delay) }
            if case .snoozed(let delay) = run.outcome.verdict { self.noteDue(after: delay) }
            if case .released = run.outcome.verdict { self.noteDue(after: .zero) }
        }
    }

    /// Work that was put off: the queue has not seen its new due instant yet.
    private func noteDue(after delay: Duration) {
        guard let serverNow = self.serverNow else { return }
        self.queue.noteDue(serverNow.advanced(by: delay))
    }
}
