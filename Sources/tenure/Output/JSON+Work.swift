internal import Tenure
internal import TenureCore

extension JSON {
    /// Work that is still to be done, or running.
    static func work(_ work: WorkInfo) -> JSON {
        .object([
            "id": .integer(work.id.value),
            "state": .string(work.state),
            "kind": .string(work.kind.rawValue),
            "topic": .string(work.topic),
            "due_at": .time(work.dueAt),
            "attempts": .integer(work.attempts),
            "max_attempts": .integer(work.maxAttempts),
            "priority": .integer(work.priority),
            "job_name": .string(orNull: work.jobName),
            "scheduled_for": .time(work.scheduledFor),
            "unique_key": .string(orNull: work.uniqueKey),
            "ordering_key": .string(orNull: work.orderingKey),
            "limit_key": .string(orNull: work.limitKey),
            "correlation_id": .string(orNull: work.correlationID),
            "suspect": .boolean(work.isSuspect),
            "crashes": .integer(work.crashes),
            "created_at": .time(work.createdAt),
            "node": .string(orNull: work.node),
            "epoch": .integer(work.epoch?.value),
            "claimed_at": .time(work.claimedAt),
            "payload": .raw(work.payload),
        ])
    }

    /// Work that is still to be done, or running, with the keys of a run that ended.
    static func live(_ work: WorkInfo) -> JSON {
        .object([
            "run_id": .integer(work.id.value),
            "attempt": .integer(work.attempts + 1),
            "state": .string(work.state),
            "kind": .string(work.kind.rawValue),
            "topic": .string(work.topic),
            "job_name": .string(orNull: work.jobName),
            "scheduled_for": .time(work.scheduledFor),
            "due_at": .time(work.dueAt),
            "started_at": .time(work.claimedAt),
            "finished_at": .null,
            "node": .string(orNull: work.node),
            "epoch": .integer(work.epoch?.value),
            "reason": .null,
            "error": .null,
            "correlation_id": .string(orNull: work.correlationID),
        ])
    }

    /// An attempt that ended, or an occurrence that did not run.
    static func run(_ run: RunInfo) -> JSON {
        .object([
            "run_id": .integer(run.id.value),
            "attempt": .integer(run.attempt),
            "state": .string(run.state),
            "kind": .string(run.kind.rawValue),
            "topic": .string(run.topic),
            "job_name": .string(orNull: run.jobName),
            "scheduled_for": .time(run.scheduledFor),
            "due_at": .time(run.dueAt),
            "started_at": .time(run.startedAt),
            "finished_at": .time(run.finishedAt),
            "node": .string(orNull: run.node),
            "epoch": .integer(run.epoch?.value),
            "reason": .string(orNull: run.reason),
            "error": .string(orNull: run.error),
            "correlation_id": .string(orNull: run.correlationID),
            "output": run.output.map(JSON.raw) ?? .null,
            "progress": run.progress.map(JSON.raw) ?? .null,
        ])
    }

    /// A run in progress, with the keys of one that ended.
    static func running(_ run: RunningInfo) -> JSON {
        .object([
            "run_id": .integer(run.id.value),
            "attempt": .integer(run.attempt),
            "state": "running",
            "kind": .string(run.kind.rawValue),
            "topic": .string(run.topic),
            "job_name": .string(orNull: run.jobName),
            "scheduled_for": .time(run.scheduledFor),
            "due_at": .time(run.dueAt),
            "started_at": .time(run.claimedAt),
            "finished_at": .null,
            "node": .string(run.node),
            "epoch": .integer(run.epoch.value),
            "reason": .null,
            "error": .null,
            "correlation_id": .null,
            "output": .null,
            "progress": run.progress.map(JSON.raw) ?? .null,
        ])
    }

    /// Work that failed for good.
    static func deadLetter(_ letter: DeadLetter) -> JSON {
        .object([
            "id": .integer(letter.id.value),
            "failed_at": .time(letter.failedAt),
            "reason": .string(orNull: letter.reason),
            "error": .string(orNull: letter.error),
            "kind": .string(letter.kind.rawValue),
            "topic": .string(letter.topic),
            "attempts": .integer(letter.attempts),
            "max_attempts": .integer(letter.maxAttempts),
            "crashes": .integer(letter.crashes),
            "node": .string(orNull: letter.node),
            "epoch": .integer(letter.epoch?.value),
            "due_at": .time(letter.dueAt),
            "job_name": .string(orNull: letter.jobName),
            "scheduled_for": .time(letter.scheduledFor),
            "unique_key": .string(orNull: letter.uniqueKey),
            "ordering_key": .string(orNull: letter.orderingKey),
            "correlation_id": .string(orNull: letter.correlationID),
            "created_at": .time(letter.createdAt),
            "payload": .raw(letter.payload),
            "errors": .array(letter.errors.map(Self.attemptError)),
        ])
    }

    /// What went wrong in one attempt.
    private static func attemptError(_ error: AttemptError) -> JSON {
        .object([
            "attempt": .integer(error.attempt),
            "at": .time(error.at),
            "state": .string(error.state),
            "node": .string(orNull: error.node),
            "epoch": .integer(error.epoch?.value),
            "reason": .string(orNull: error.reason),
            "error": .string(orNull: error.error),
        ])
    }

    /// Who changed what.
    static func change(_ change: Change) -> JSON {
        .object([
            "at": .time(change.at),
            "what": .string(change.what),
            "name": .string(orNull: change.name),
            "count": .integer(change.count),
            "detail": change.detail.map { .raw($0) } ?? .null,
            "by_role": .string(change.role),
            "via": .string(orNull: change.program),
        ])
    }
}
