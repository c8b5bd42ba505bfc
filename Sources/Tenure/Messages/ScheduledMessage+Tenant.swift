internal import TenureCore

extension ScheduledMessage {
    /// A timer or an occurrence that has not ended; `nil` when it is no message.
    init?(_ work: WorkInfo) {
        guard let recurrence = Self.recurrence(work.kind, work.jobName) else { return nil }
        self.init(
            token: TenantMessageIdentity.work(work.id).token,
            topic: work.topic,
            payload: work.payload,
            state: work.state == "running" ? .delivering : .pending,
            dueAt: work.dueAt,
            // Attempts are counted when they end.
            attempts: work.attempts + (work.state == "running" ? 1 : 0),
            maxAttempts: work.maxAttempts,
            endedAt: nil,
            error: nil,
            recurrence: nil,
            recurrenceToken: recurrence.token,
            scheduledFor: work.scheduledFor
        )
    }

    /// A timer or an occurrence that failed for good; `nil` when it was no message.
    init?(_ letter: DeadLetter) {
        guard let recurrence = Self.recurrence(letter.kind, letter.jobName) else { return nil }
        self.init(
            token: TenantMessageIdentity.work(letter.id).token,
            topic: letter.topic,
            payload: letter.payload,
            state: .failed,
            dueAt: letter.dueAt,
            attempts: letter.attempts,
            maxAttempts: letter.maxAttempts,
            endedAt: letter.failedAt,
            error: letter.error ?? letter.reason,
            recurrence: nil,
            recurrenceToken: recurrence.token,
            scheduledFor: letter.scheduledFor
        )
    }

    /// A timer or an occurrence that has ended; `nil` when it was no message.
    init?(_ run: RunInfo) {
        guard let recurrence = Self.recurrence(run.kind, run.jobName) else { return nil }
        let state: MessageState =
            switch run.state {
            case "completed": .delivered
            case "cancelled": .cancelled
            default: .failed
            }
        self.init(
            token: TenantMessageIdentity.work(run.id).token,
            topic: run.topic,
            payload: nil,
            state: state,
            dueAt: run.dueAt,
            attempts: run.attempt,
            maxAttempts: 0,
            endedAt: run.finishedAt,
            error: run.error,
            recurrence: nil,
            recurrenceToken: recurrence.token,
            scheduledFor: run.scheduledFor
        )
    }

    /// A recurrence; `nil` when the job is none.
    init?(_ job: JobInfo) {
        let definition = job.definition
        guard definition.name.hasPrefix(TenantMessageIdentity.jobPrefix), case .cron(let cron) = definition.schedule
        else { return nil }
        var recurrence = MessageRecurrence(cron: cron, timeZone: definition.timeZone)
        if let gap = DaylightGap(rawValue: job.daylightGap) { recurrence.daylightGap = gap }
        if let overlap = DaylightOverlap(rawValue: job.daylightOverlap) { recurrence.daylightOverlap = overlap }
        self.init(
            token: TenantMessageIdentity.job(definition.name).token,
            topic: definition.topic,
            payload: job.payload,
            state: .pending,
            dueAt: definition.nextDue,
            attempts: 0,
            maxAttempts: job.retry.maxAttempts,
            endedAt: nil,
            error: nil,
            recurrence: recurrence,
            recurrenceToken: nil,
            scheduledFor: nil
        )
    }

    /// The recurrence of an occurrence, none for a timer; `nil` for what is no message.
    private static func recurrence(_ kind: WorkKind, _ job: String?) -> (token: MessageToken?, Void)? {
        switch kind {
        case .timer:
            return (nil, ())
        case .job:
            guard let job, job.hasPrefix(TenantMessageIdentity.jobPrefix) else { return nil }
            return (TenantMessageIdentity.job(job).token, ())
        case .outbox, .inbox:
            return nil
        }
    }
}
