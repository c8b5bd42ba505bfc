import InMemoryStores
import TenureCore

/// An account of one tenant of its own: what was installed, claimed, settled and promised, kept from the answers of the
/// store and never from its content, so that a store that is wrong contradicts it.
final class TenantLedger: @unchecked Sendable {
    // SAFETY: touched on the simulation's thread only.

    struct Claim {
        let holder: Holder
        let epoch: Epoch
        var ids: Set<WorkID>
    }

    let tenant: TenantID
    private let report: (Violation.Invariant, TenantID?, String) -> Void
    private let isKnown: (Holder) -> Bool
    private let now: () -> MonotonicInstant

    private(set) var epoch: Epoch = .none
    private(set) var owner: Holder?
    private var claims: [BatchID: Claim] = [:]
    /// When claims were first lent, and for how long they are left alone.
    private var lentSince: [BatchID: MonotonicInstant] = [:]
    private(set) var ended: Set<WorkID> = []
    private var claimedEver: Set<WorkID> = []
    /// Work that users' transactions have committed, or a pass has materialised.
    private(set) var promised: Set<WorkID> = []
    private var occurrences: Set<String> = []
    private(set) var completions = 0
    private var running: Set<Running> = []

    private struct Running: Hashable {
        let id: WorkID
        let process: Int
    }

    init(
        _ tenant: TenantID,
        now: @escaping () -> MonotonicInstant,
        isKnown: @escaping (Holder) -> Bool,
        report: @escaping (Violation.Invariant, TenantID?, String) -> Void
    ) {
        self.tenant = tenant
        self.now = now
        self.isKnown = isKnown
        self.report = report
    }

    private func fail(_ invariant: Violation.Invariant, _ detail: String) {
        self.report(invariant, self.tenant, "tenant \(self.tenant): \(detail)")
    }

    // MARK: The fence

    /// The fence has taken a new owner.
    func installed(_ epoch: Epoch, by holder: Holder) {
        if epoch < self.epoch || (epoch == self.epoch && holder != self.owner) {
            self.fail(.epochWentBack, "\(holder) installed epoch \(epoch) over \(self.epoch) of \(self.owner as Any)")
        }
        self.epoch = epoch
        self.owner = holder
    }

    /// Something was accepted under an epoch.
    func used(_ epoch: Epoch, for what: String) {
        guard epoch != self.epoch else { return }
        self.fail(.staleEpoch, "\(what) was accepted under epoch \(epoch), and \(self.epoch) is the newest")
    }

    /// An owner has looked at what stands: what it does not list has been revoked.
    func opened(_ opening: Opening, by holder: Holder, living: [Incarnation]) {
        var standing: [BatchID: Set<WorkID>] = [:]
        for lent in opening.lent {
            standing[lent.batch] = Set(lent.ids)
            if self.lentSince[lent.batch] == nil { self.lentSince[lent.batch] = self.now() }
        }
        for own in opening.own { standing[own.batch] = Set(own.ids) }
        for (batch, claim) in self.claims.sorted(by: { $0.key < $1.key }) where standing[batch] == nil {
            self.revoked(batch, claim, living: living)
        }
        if let pass = opening.firstPass { self.took(pass.materialised) }
    }

    /// A claim of a registration that is there is left alone until its time is over.
    private func revoked(_ batch: BatchID, _ claim: Claim, living: [Incarnation]) {
        self.claims[batch] = nil
        let isOver = self.lentSince.removeValue(forKey: batch) != nil
        guard !isOver, self.isKnown(claim.holder), !living.contains(claim.holder.incarnation) else { return }
        self.fail(.revokedFromTheLiving, "batch \(batch) of \(claim.holder), which is registered, was revoked")
    }

    // MARK: Work

    /// A user's transaction has committed.
    func added(_ id: WorkID) { self.promised.insert(id) }

    /// A user cancelled it before it started, or after.
    func cancelled(_ id: WorkID) { self.ended.insert(id) }

    /// A pass was committed.
    func passed(_ pass: ClaimPass, _ result: PassResult) {
        self.used(pass.epoch, for: "a pass of \(pass.holder)")
        for (request, ids) in zip(pass.claims, result.claimed) where !ids.isEmpty {
            self.claimed(request.batch, ids, by: pass.holder, pass.epoch)
        }
        self.took(result.materialised)
    }

    private func claimed(_ batch: BatchID, _ ids: [WorkID], by holder: Holder, _ epoch: Epoch) {
        // A request that arrived twice gets the answer of the first time.
        guard self.claims[batch] == nil else { return }
        for id in ids {
            if self.ended.contains(id) {
                self.fail(.completedTwice, "run \(id) has ended and was claimed by \(holder)")
            }
            // A claim of its own that arrived after it was given up is no matter: nothing of it starts.
            let others = self.claims.values.filter { $0.holder != holder && $0.ids.contains(id) }.map(\.holder)
            if let other = others.min(by: { $0.node < $1.node }) {
                self.fail(.claimedTwice, "run \(id) was claimed by \(holder), and is in a claim of \(other)")
            }
        }
        self.claims[batch] = Claim(holder: holder, epoch: epoch, ids: Set(ids))
        self.claimedEver.formUnion(ids)
    }

    private func took(_ materialised: [PassResult.Materialised]) {
        for case .applied(let items) in materialised {
            for item in items {
                self.promised.insert(item.id)
                guard let job = item.jobName, let instant = item.scheduledFor else { continue }
                if !self.occurrences.insert("\(job)@\(instant.microseconds)").inserted {
                    self.fail(.occurrenceTwice, "job \(job) has two runs for \(instant)")
                }
            }
        }
    }

    /// A settlement was answered.
    func settled(_ settlement: Settlement, _ result: SettlementResult, by process: SimulatedProcess) {
        guard case .accepted = result, !settlement.outcomes.isEmpty else { return }
        let ids = Set(settlement.outcomes.map(\.id))
        guard let claim = self.claims[settlement.batch], ids.isSubset(of: claim.ids) else {
            return self.fail(.settledWithoutClaim, "\(process) settled \(ids.sorted()) of batch \(settlement.batch)")
        }
        self.claims[settlement.batch]?.ids.subtract(ids)
        if claim.ids.count == ids.count { self.claims[settlement.batch] = nil }
        for outcome in settlement.outcomes {
            switch outcome.verdict {
            case .completed, .discarded, .cancelled:
                if !self.ended.insert(outcome.id).inserted {
                    self.fail(
                        .completedTwice,
                        "run \(outcome.id) ended again, on \(process) in batch \(settlement.batch)"
                    )
                }
                self.completions += 1
            case .retry, .snoozed, .released: break
            }
        }
    }

    /// A handler begins: its claim must have been committed, and may have been revoked since.
    func started(_ id: WorkID, on process: SimulatedProcess) {
        if !self.running.insert(Running(id: id, process: process.serial)).inserted {
            self.fail(.startedTwice, "run \(id) starts on \(process), where it has not ended")
        }
        if !self.claimedEver.contains(id) {
            self.fail(.startedWithoutClaim, "run \(id) starts on \(process) and was never claimed")
        }
    }

    /// A handler has returned.
    func returned(_ id: WorkID, on process: SimulatedProcess) {
        self.running.remove(Running(id: id, process: process.serial))
    }

    // MARK: The end

    /// Compares with what the store holds when everything has settled.
    func close(_ contents: TenantContents, at now: ServerTime) {
        let there = Set(contents.work.map(\.item.id)).union(contents.deadLetters.map(\.work.item.id))
        for id in self.promised.subtracting(self.ended).subtracting(there).sorted() {
            guard
                !contents.runs.contains(where: { $0.id == id && ($0.state == "cancelled" || $0.state == "discarded") })
            else { continue }
            self.fail(.workLost, "run \(id) was committed, has not ended, and is gone")
        }
        var completed: [WorkID: Int] = [:]
        for run in contents.runs where run.state == "completed" { completed[run.id, default: 0] += 1 }
        for (id, count) in completed.sorted(by: { $0.key < $1.key }) where count > 1 {
            self.fail(.completedTwice, "history has \(count) completions of run \(id)")
        }
        for job in contents.jobs { self.checkOccurrences(of: job, contents) }
    }

    /// Every instant of an interval up to the last occurrence has a run, or a reason for having none.
    private func checkOccurrences(of job: TenantContents.Job, _ contents: TenantContents) {
        guard case .interval(let step, _) = job.definition.schedule,
            let last = job.definition.lastOccurrence
        else { return }
        var seen = Set(contents.work.filter { $0.item.jobName == job.definition.name }.compactMap(\.item.scheduledFor))
        for run in contents.runs where run.jobName == job.definition.name {
            if let instant = run.scheduledFor { seen.insert(instant) }
        }
        for letter in contents.deadLetters where letter.work.item.jobName == job.definition.name {
            if let instant = letter.work.item.scheduledFor { seen.insert(instant) }
        }
        guard let first = seen.min() else { return }
        var instant = first
        while instant <= last {
            if !seen.contains(instant) {
                self.fail(.occurrenceMissing, "job \(job.definition.name) has nothing for \(instant)")
                return
            }
            instant = instant.advanced(by: .microseconds(step))
        }
    }
}
