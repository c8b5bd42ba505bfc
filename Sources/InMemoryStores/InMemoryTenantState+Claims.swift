internal import TenureCore

extension InMemoryTenantState {
    /// Crashes during a lone claim after which work goes to the dead letters.
    private static let crashLimit = 3
    /// Characters of an error that are kept.
    private static let errorLimit = 2048

    // MARK: Claiming

    /// Claims what is about to start: those of the IDs that are still there and runnable. Repeating a batch gives the
    /// same answer.
    ///
    /// Left out are IDs that a cancellation under way has deleted, IDs that are lent to an earlier owner, and of each
    /// ordering key everything but the head, and also that while the key is in some claim.
    mutating func claim(
        _ request: ClaimRequest,
        epoch: Epoch,
        holder: Holder,
        at now: ServerTime
    ) -> [WorkID] {
        if let present = self.claims[request.batch] {
            return present.holder.incarnation == holder.incarnation ? present.ids : []
        }
        let lent = Set(self.claims.values.filter { $0.lentUntil != nil }.flatMap(\.ids))
        let heldKeys = Set(self.claims.values.flatMap(\.keys))
        let heads = self.heads()
        let rows = Set(request.ids).sorted().compactMap { self.work[$0] }.filter { row in
            let isHead = row.item.orderingKey.map { heads[$0] == row.item.id && !heldKeys.contains($0) } ?? true
            return isHead && !lent.contains(row.item.id) && !self.openCancellations.contains(row.item.id)
                && self.cancellations[row.item.id] == nil
        }
        guard !rows.isEmpty else { return [] }
        self.claims[request.batch] = TenantContents.Claim(
            batch: request.batch,
            holder: holder,
            epoch: epoch,
            claimedAt: now,
            isLone: request.isLone,
            ids: rows.map(\.item.id),
            keys: rows.compactMap(\.item.orderingKey).sorted()
        )
        return rows.map(\.item.id)
    }

    // MARK: Settling

    /// Settles runs of one claim, if it stands and names them all.
    mutating func settle(_ settlement: Settlement, at now: ServerTime) -> SettlementResult {
        guard !settlement.outcomes.isEmpty else { return .accepted }
        guard let claim = self.takeFromClaim(settlement.batch, settlement.outcomes.map(\.id)) else { return .gone }
        var keys: Set<String> = []
        var earliestDue: ServerTime?
        for var outcome in settlement.outcomes.sorted(by: { $0.id < $1.id }) {
            // A run that was cancelled has no further attempt.
            let cause = self.cancellations.removeValue(forKey: outcome.id)
            if cause != nil, outcome.verdict.isFollowed { outcome.verdict = .cancelled }
            guard let row = self.work[outcome.id] else { continue }
            if let key = row.item.orderingKey { keys.insert(key) }
            if let due = self.settle(row.work, outcome, claim, cause: cause, at: now) {
                earliestDue = min(earliestDue ?? due, due)
            }
        }
        if !keys.isEmpty {
            self.release(keys.sorted())
        } else if let earliestDue {
            // The claimant may no longer be the owner, who then has to hear of it.
            self.wake(earliestDue)
        }
        return .accepted
    }

    /// Takes settled IDs out of a claim, which goes when none is left. `nil` unless it stands and names them all.
    private mutating func takeFromClaim(_ batch: BatchID, _ ids: [WorkID]) -> TenantContents.Claim? {
        guard let claim = self.claims[batch] else { return nil }
        let settled = Set(ids)
        let rest = claim.ids.filter { !settled.contains($0) }
        guard rest.count + ids.count == claim.ids.count else { return nil }
        if rest.isEmpty {
            self.claims[batch] = nil
        } else {
            self.claims[batch]?.ids = rest
            self.claims[batch]?.keys = rest.compactMap { self.work[$0]?.item.orderingKey }.sorted()
        }
        return claim
    }

    /// Writes one outcome, and returns when the row is due next, if it stays.
    private mutating func settle(
        _ work: TenantContents.Work,
        _ outcome: Outcome,
        _ claim: TenantContents.Claim,
        cause: String?,
        at now: ServerTime
    ) -> ServerTime? {
        var kept = work
        var run = TenantContents.Run(work.item, claim, state: outcome.verdict.state)
        run.startedAt = outcome.startedAt
        run.finishedAt = max(min(outcome.finishedAt, now), now.advanced(by: .seconds(-86_400)))
        run.error = outcome.error.map(Self.bounded)
        run.report = outcome.report
        if let progress = outcome.report.progress { self.progress[outcome.id] = progress }
        switch outcome.verdict {
        case .completed, .cancelled:
            // The next occurrence of its job ended it: that is said where a user's wish needs no words.
            if cause == SkipReason.overlap, outcome.verdict == .cancelled { run.reason = cause }
            self.work[outcome.id] = nil
            self.progress[outcome.id] = nil
            self.runs.append(run)
            return nil
        case .discarded(let reason):
            run.reason = reason
            self.work[outcome.id] = nil
            self.progress[outcome.id] = nil
            self.runs.append(run)
            kept.item.attempts += 1
            kept.errors.note(AttemptError(run))
            self.bury(kept, claim, reason: reason, error: run.error, at: run.finishedAt)
            return nil
        case .retry(let delay):
            kept.item.attempts += 1
            kept.errors.note(AttemptError(run))
            kept.item.isSuspect = false
            kept.item.dueAt = now.advanced(by: max(.zero, delay))
        case .snoozed(let delay):
            kept.item.isSuspect = false
            kept.item.dueAt = now.advanced(by: max(.zero, delay))
            self.write(kept)
            return kept.item.dueAt
        case .released:
            break
        }
        run.dueAt = nil
        self.runs.append(run)
        self.write(kept)
        return kept.item.dueAt
    }

    private mutating func bury(
        _ work: TenantContents.Work,
        _ claim: TenantContents.Claim,
        reason: String,
        error: String?,
        at instant: ServerTime
    ) {
        var work = work
        work.item.isSuspect = false
        self.deadLetters[work.item.id] = TenantContents.DeadLetter(
            work: work,
            reason: reason,
            error: error,
            node: claim.holder.node.description,
            epoch: claim.epoch,
            failedAt: instant
        )
    }

    private static func bounded(_ error: String) -> String {
        String(error.replacing("\0", with: "\u{FFFD}").unicodeScalars.prefix(Self.errorLimit))
    }

    // MARK: Opening

    /// What a new owner does first: revokes the claims of registrations that are gone and those whose lending is over,
    /// lends the others' claims to them, and takes back what an earlier tenure of the caller lent.
    mutating func open(
        holder: Holder,
        living: [Incarnation],
        lending: Duration,
        at now: ServerTime
    ) -> Opening {
        var opening = Opening(serverTime: now, jobsVersion: self.definitionsVersion)
        for claim in self.standing where claim.holder.incarnation != holder.incarnation {
            let isGone = !living.contains(claim.holder.incarnation)
            guard isGone || claim.lentUntil.map({ $0 <= now }) ?? false else { continue }
            self.revoke(claim, hasCrashed: isGone, at: now)
            if isGone { opening.crashedRuns += claim.ids.count }
        }
        for claim in self.standing {
            if claim.holder.incarnation == holder.incarnation {
                self.claims[claim.batch]?.lentUntil = nil
                opening.own.append(StandingClaim(batch: claim.batch, ids: claim.ids))
                continue
            }
            let until = claim.lentUntil ?? now.advanced(by: lending)
            self.claims[claim.batch]?.lentUntil = until
            opening.lent.append(
                LentClaim(
                    batch: claim.batch,
                    incarnation: claim.holder.incarnation,
                    ids: claim.ids,
                    orderingKeys: claim.keys,
                    until: until,
                    subjects: claim.ids.compactMap { self.work[$0]?.item }.map {
                        LimitBook.Subject(topic: $0.topic, key: $0.limitKey)
                    }
                )
            )
        }
        _ = self.sweepCancellations(at: now)
        return opening
    }

    /// The claims in the order in which they were made.
    private var standing: [TenantContents.Claim] {
        self.claims.values.sorted { ($0.claimedAt, $0.batch) < ($1.claimedAt, $1.batch) }
    }

    /// Ends a claim that its claimant will not settle: the runs go into history, the rows may be claimed again.
    ///
    /// Those of a registration that is gone become suspects, which are claimed alone; a crash counts only against a
    /// suspect that was claimed alone, and the third one sends it to the dead letters. Those whose lending is over were
    /// merely slow.
    private mutating func revoke(_ claim: TenantContents.Claim, hasCrashed: Bool, at now: ServerTime) {
        self.claims[claim.batch] = nil
        let isCounted = hasCrashed && claim.isLone
        var keys: Set<String> = []
        for row in claim.ids.compactMap({ self.work[$0] }) {
            var work = row.work
            if let key = work.item.orderingKey { keys.insert(key) }
            if isCounted { work.item.crashes += 1 }
            var run = TenantContents.Run(work.item, claim, state: hasCrashed ? "crashed" : "interrupted")
            run.reason = hasCrashed ? "node_lost" : "drain_timeout"
            run.startedAt = claim.claimedAt
            run.finishedAt = now
            if self.cancellations.removeValue(forKey: work.item.id) != nil {
                run.state = "cancelled"
                self.work[work.item.id] = nil
            } else if isCounted, work.item.crashes >= Self.crashLimit {
                run.state = "discarded"
                run.reason = "crash_limit"
                self.work[work.item.id] = nil
                let error = "the process that ran it ended \(Self.crashLimit) times"
                work.errors.note(AttemptError(run))
                self.bury(work, claim, reason: "crash_limit", error: error, at: now)
            } else {
                work.item.isSuspect = work.item.isSuspect || hasCrashed
                if hasCrashed { work.errors.note(AttemptError(run)) }
                self.write(work)
            }
            self.runs.append(run)
        }
        if !keys.isEmpty { self.release(keys.sorted()) }
    }
}

extension Outcome.Verdict {
    /// Whether another attempt comes after it.
    fileprivate var isFollowed: Bool {
        switch self {
        case .retry, .snoozed, .released: true
        case .completed, .discarded, .cancelled: false
        }
    }

    /// The state of the run in history.
    fileprivate var state: String {
        switch self {
        case .completed: "completed"
        case .retry: "retryable"
        case .discarded: "discarded"
        case .snoozed: "snoozed"
        case .released: "interrupted"
        case .cancelled: "cancelled"
        }
    }
}

extension AttemptError {
    /// What history says of an attempt.
    fileprivate init(_ run: TenantContents.Run) {
        self.init(
            attempt: run.attempt,
            at: run.finishedAt,
            node: run.node,
            epoch: run.epoch,
            state: run.state,
            reason: run.reason,
            error: run.error
        )
    }
}

extension TenantContents.Run {
    /// An attempt that a claim started.
    fileprivate init(_ item: WorkItem, _ claim: TenantContents.Claim, state: String) {
        self.init(
            id: item.id,
            attempt: item.attempts + 1,
            state: state,
            epoch: claim.epoch,
            node: claim.holder.node.description,
            kind: item.kind,
            topic: item.topic,
            jobName: item.jobName,
            scheduledFor: item.scheduledFor,
            dueAt: item.dueAt,
            finishedAt: claim.claimedAt,
            correlationID: item.correlationID
        )
    }
}
