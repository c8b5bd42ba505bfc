internal import Logging

/// Becoming the owner: the fence, and what stands when a tenant is opened.
extension TenantScheduler {
    /// Installs the epoch in the fence and opens the tenant; tries again later when the database cannot be used.
    func activate(_ epoch: Epoch, _ arrival: TenancyMachine.Arrival) async {
        do {
            let sentAt = self.now
            var queue = self.environment.makeQueue()
            var first = ClaimPass(epoch: epoch, holder: self.holder)
            first.scan = queue.scanRequest()
            let assumption = try await self.store.assume(
                epoch: epoch,
                holder: self.holder,
                living: self.environment.living.all,
                lending: self.environment.drainTimeout,
                first: first
            )
            guard case .opened(let opening) = assumption else {
                self.phase = .standby
                if case .refused(let floor) = assumption { self.report(.refused(epoch, floor: floor)) }
                return
            }
            self.queue = queue
            self.publishedSleep = nil
            self.isIdle = false
            self.jobs.invalidate()
            self.limits = nil
            self.take(opening, epoch: epoch, sentAt: sentAt)
            if let snapshot = opening.jobs { self.take(snapshot) }
            self.phase = .working(epoch)
            self.arrival = arrival
            self.succeeded()
            self.report(.installed(epoch))
            if let result = opening.firstPass { _ = self.take(result, of: first, claims: [], epoch: epoch) }
        } catch {
            if error.code == .fenced {
                self.phase = .standby
                self.report(.fenced(epoch))
            } else {
                self.failed(error)
            }
        }
    }

    /// Learns what the living still hold and which of its own claims stand.
    private func take(_ opening: Opening, epoch: Epoch, sentAt: MonotonicInstant) {
        self.serverClock = ServerClock(opening.serverTime, receivedAt: self.now)
        self.lastOpening = sentAt
        self.lastPass = opening.serverTime
        // A look whose reply was lost may have passed something by.
        if self.needsOpening { self.queue.rescan() }
        self.needsOpening = false
        if opening.crashedRuns > 0 {
            self.log.notice("runs of a node that is gone are due again", metadata: ["runs": "\(opening.crashedRuns)"])
        }
        // What ended while the answer was on its way is no claim that nobody knows.
        self.collectFinished()
        self.forgetSettled(standing: opening.own)
        // Own claims come first: what is in flight here must not be taken from a scan.
        self.resolveDoubtful(standing: opening.own, epoch: epoch)
        let inFlight = self.runs.inFlight.union(self.unsettled.map(\.item.id))
        self.queue.setLent(opening.lent)
        self.queue.park(inFlight)
    }

    /// Opens again: a reply was lost, or lent claims may be over.
    func reopen(_ epoch: Epoch) async {
        let sentAt = self.now
        do {
            let opening = try await self.store.open(
                epoch: epoch,
                holder: self.holder,
                living: self.environment.living.all,
                lending: self.environment.drainTimeout
            )
            self.take(opening, epoch: epoch, sentAt: sentAt)
            self.succeeded()
        } catch {
            if error.code == .fenced {
                self.phase = .standby
                self.report(.fenced(epoch))
            } else {
                self.failed(error)
            }
        }
    }

    var isLentCheckDue: Bool {
        self.queue.lentUntil != nil && self.lastOpening.advanced(by: Self.lentInterval) <= self.now
    }

    /// Forgets ends that an earlier try has settled although its reply was lost: their claims name them no longer. With
    /// them a settlement of others of the same claim would be refused.
    private func forgetSettled(standing: [StandingClaim]) {
        let standingIDs = Dictionary(standing.map { ($0.batch, Set($0.ids)) }, uniquingKeysWith: { $0.union($1) })
        func isSettled(_ run: FinishedRun) -> Bool { standingIDs[run.batch]?.contains(run.item.id) != true }
        for run in self.unsettled where isSettled(run) { self.queue.settled([run.item.id], wasLone: run.isLone) }
        self.unsettled.removeAll(where: isSettled)
    }

    /// Starts claims whose reply was lost and which stand after all; the rest is ready again. Claims that nobody here
    /// knows any more are given back.
    private func resolveDoubtful(standing: [StandingClaim], epoch: Epoch) {
        let doubtful = self.doubtful
        self.doubtful = []
        let standingIDs = Dictionary(standing.map { ($0.batch, Set($0.ids)) }, uniquingKeysWith: { $0.union($1) })
        for claim in doubtful {
            let ids = standingIDs[claim.request.batch] ?? []
            let (started, others) = (
                claim.items.filter { ids.contains($0.id) }, claim.items.filter { !ids.contains($0.id) }
            )
            self.start(started, batch: claim.request.batch, isLone: claim.request.isLone, epoch: epoch)
            self.grants += others.count
            self.queue.putBack(others, wasLone: claim.request.isLone)
        }
        let known = self.runs.inFlight.union(self.unsettled.map(\.item.id))
        guard let serverNow = self.serverNow else { return }
        for claim in standing {
            for id in claim.ids.sorted() where !known.contains(id) {
                self.unsettled.append(
                    FinishedRun(
                        batch: claim.batch,
                        isLone: false,
                        item: WorkItem(id: id, kind: .timer, topic: "", dueAt: serverNow),
                        outcome: Outcome(
                            id: id,
                            attempt: 1,
                            verdict: .released,
                            startedAt: serverNow,
                            finishedAt: serverNow,
                            error: "claimed, and never started"
                        )
                    )
                )
            }
        }
    }
}
