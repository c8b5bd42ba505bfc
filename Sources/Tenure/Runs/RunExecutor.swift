internal import Logging

/// Runs one attempt: builds its context, calls the handler, and turns the way it ended into an outcome.
struct RunExecutor: Sendable {
    let tenant: TenantID
    let handlers: Handlers
    let clock: MonotonicClock
    let defaultTimeout: Duration
    let logger: Logger

    /// When a handler that found no connection is tried again.
    private static let busyPause = Duration.seconds(1)

    /// How long an attempt of this work may take.
    func timeout(of item: WorkItem) -> Duration {
        item.timeoutMilliseconds.map { .milliseconds($0) } ?? self.defaultTimeout
    }

    /// Runs the handler; never throws, and returns only when the handler has returned.
    ///
    /// - Parameters:
    ///   - batch: The claim that entitles to the run.
    ///   - store: What the handler uses of the tenant's schema.
    ///   - board: Takes what it says about its progress.
    func run(
        _ item: WorkItem,
        handler: Handlers.Handler,
        batch: BatchID,
        epoch: Epoch,
        deadline: MonotonicInstant,
        serverClock: ServerClock,
        store: any HandlerStore,
        board: ProgressBoard,
        cause: @Sendable () -> CancellationCause?
    ) async -> AttemptEnd {
        let startedAt = serverClock.now(at: self.clock.now)
        let reporter = RunReporter(store: store) { progress in
            board.note(ProgressReport(id: item.id, epoch: epoch, progress: progress))
        }
        let context = self.context(of: item, epoch: epoch, deadline: deadline, reporter: reporter)
        let verdict: (Outcome.Verdict, String?)
        let finishedAt: ServerTime
        var isSettled = false
        switch handler {
        case .plain(let perform):
            var failure: (any Error)?
            do {
                try await perform(item.payload, context)
            } catch {
                failure = error
            }
            finishedAt = max(startedAt, serverClock.now(at: self.clock.now))
            verdict = self.verdict(of: item, failure: failure, cause: cause(), at: finishedAt)
        case .transactional(let perform, let idleLimit):
            let run = TransactionalRun(
                batch: batch,
                id: item.id,
                startedAt: startedAt,
                timeLeft: self.clock.now.duration(to: deadline),
                idleLimit: idleLimit
            )
            let end = await store.transact(run) { session in
                try await perform(item.payload, context, TenantTransaction(session))
                return reporter.current
            }
            if case .committed = end { isSettled = true }
            finishedAt = max(startedAt, serverClock.now(at: self.clock.now))
            verdict = self.verdict(of: item, end: end, cause: cause(), at: finishedAt)
        }
        let outcome = Outcome(
            id: item.id,
            attempt: item.attempts + 1,
            verdict: verdict.0,
            startedAt: startedAt,
            finishedAt: finishedAt,
            error: verdict.1,
            report: reporter.current
        )
        return AttemptEnd(outcome: outcome, isSettled: isSettled)
    }

    private func context(
        of item: WorkItem,
        epoch: Epoch,
        deadline: MonotonicInstant,
        reporter: RunReporter
    ) -> RunContext {
        var logger = self.logger
        logger[metadataKey: "run.id"] = "\(item.id)"
        logger[metadataKey: "run.attempt"] = "\(item.attempts + 1)"
        return RunContext(
            tenant: self.tenant,
            runID: item.id,
            kind: item.kind,
            topic: item.topic,
            attempt: item.attempts + 1,
            maxAttempts: item.retry.maxAttempts,
            epoch: epoch,
            jobName: item.jobName,
            scheduledFor: item.scheduledFor,
            dueAt: item.dueAt,
            deadline: self.clock.instant(deadline),
            idempotencyKey: "\(self.tenant)/\(item.id)",
            correlationID: item.correlationID,
            traceContext: item.traceContext,
            logger: logger,
            reporter: reporter
        )
    }

    /// What the end of its transaction means for a run.
    private func verdict(
        of item: WorkItem,
        end: TransactionEnd,
        cause: CancellationCause?,
        at now: ServerTime
    ) -> (Outcome.Verdict, String?) {
        switch end {
        case .committed: (.completed, nil)
        case .failed(let error): self.verdict(of: item, failure: error, cause: cause, at: now)
        case .refused(let error): self.verdict(of: item, failure: error, cause: cause, at: now)
        // Counts for nothing: its settlement finds the claim gone as well.
        case .gone: (.released, "claim lost")
        case .unavailable(let error):
            // Nothing was tried, so no attempt is counted; a suspect stays one.
            switch cause {
            case nil where !item.isSuspect: (.snoozed(for: Self.busyPause), nil)
            case nil, .shutdown, .claimLost: (.released, "\(error)")
            case .timeout, .user: self.verdict(of: item, failure: error, cause: cause, at: now)
            }
        case .escaped: (.discarded(reason: "permanent"), "the handler ended the transaction that it was given")
        case .unknown(let error):
            // If it was committed, this settlement finds the claim gone.
            self.retryOrDiscard(item, "the outcome of the commit is unknown: \(error)", at: now)
        }
    }

    private func verdict(
        of item: WorkItem,
        failure: (any Error)?,
        cause: CancellationCause?,
        at now: ServerTime
    ) -> (Outcome.Verdict, String?) {
        guard let failure else { return (.completed, nil) }
        switch failure {
        case let failure as PermanentFailure:
            return (.discarded(reason: "permanent"), failure.description)
        case let snooze as Snooze where cause != .user:
            return (.snoozed(for: max(.zero, snooze.delay)), nil)
        default:
            switch cause {
            case .shutdown: return (.released, "interrupted by a shutdown")
            case .user:
                return (.cancelled, failure is CancellationError ? "cancelled" : String(describing: failure))
            case .claimLost: return (.released, "claim lost")
            case .timeout:
                return self.retryOrDiscard(item, "timed out after \(self.timeout(of: item))", at: now)
            case nil:
                return self.retryOrDiscard(item, String(describing: failure), at: now)
            }
        }
    }

    private func retryOrDiscard(
        _ item: WorkItem,
        _ error: String,
        at now: ServerTime
    ) -> (Outcome.Verdict, String?) {
        guard item.attempts + 1 < item.retry.maxAttempts else {
            return (.discarded(reason: "attempts exhausted"), error)
        }
        // The same ID in another tenant has other delays.
        let seed = StableHash.of(StableHash.of(self.tenant.description), UInt64(bitPattern: item.id.value))
        let delay = item.retry.delay(after: item.attempts + 1, seed: seed)
        if let limit = item.retryUntil, now.advanced(by: delay) > limit {
            return (.discarded(reason: "retry time exhausted"), error)
        }
        return (.retry(after: delay), error)
    }
}
