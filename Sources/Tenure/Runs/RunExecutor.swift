internal import Logging

/// Runs one attempt: builds its context, calls the handler, and turns the way it ended into an outcome.
struct RunExecutor: Sendable {
    let tenant: TenantID
    let handlers: Handlers
    let clock: MonotonicClock
    let defaultTimeout: Duration
    let logger: Logger

    /// How long an attempt of this work may take.
    func timeout(of item: WorkItem) -> Duration {
        item.timeoutMilliseconds.map { .milliseconds($0) } ?? self.defaultTimeout
    }

    /// Runs the handler; never throws, and returns only when the handler has returned.
    func run(
        _ item: WorkItem,
        handler: Handlers.Raw,
        epoch: Epoch,
        deadline: MonotonicInstant,
        serverClock: ServerClock,
        cause: @Sendable () -> CancellationCause?
    ) async -> Outcome {
        let startedAt = serverClock.now(at: self.clock.now)
        var failure: (any Error)?
        do {
            try await handler(item.payload, self.context(of: item, epoch: epoch, deadline: deadline))
        } catch {
            failure = error
        }
        let finishedAt = max(startedAt, serverClock.now(at: self.clock.now))
        let verdict = self.verdict(of: item, failure: failure, cause: cause(), at: finishedAt)
        return Outcome(
            id: item.id,
            attempt: item.attempts + 1,
            verdict: verdict.0,
            startedAt: startedAt,
            finishedAt: finishedAt,
            error: verdict.1
        )
    }

    private func context(of item: WorkItem, epoch: Epoch, deadline: MonotonicInstant) -> RunContext {
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
            logger: logger
        )
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
