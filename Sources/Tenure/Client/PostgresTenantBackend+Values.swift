internal import PostgresStore
internal import TenureCore

/// What users say, as the schema's client takes it.
extension DueTime {
    init(_ due: WorkDue) {
        switch due {
        case .now: self = .now
        case .after(let delay): self = .after(delay)
        case .at(let instant): self = .at(instant)
        }
    }
}

extension WorkAttributes {
    init(_ options: WorkOptions) {
        self.init()
        self.uniqueKey = options.uniqueKey
        self.onConflict = options.onConflict.rawValue
        self.uniqueStates = options.uniqueStates.rawValue
        self.uniqueFor = options.uniqueFor
        self.orderingKey = options.orderingKey
        self.limitKey = options.limitKey
        self.priority = options.priority
        self.retry = options.retry
        self.timeout = options.timeout
        self.correlationID = options.correlationID
        self.traceContext = options.traceContext
    }
}

extension JobRequest {
    init(_ draft: JobDraft) {
        let schedule: JobRequest.Schedule =
            switch draft.schedule {
            case .cron(let expression): .cron(expression)
            case .every(let interval): .every(interval)
            }
        self.init(name: draft.name, topic: draft.topic, schedule: schedule)
        self.payload = draft.payload
        self.timeZone = draft.timeZone
        self.priority = draft.priority
        self.retry = draft.retry
        self.timeout = draft.timeout
        self.misfire = draft.misfire
        self.misfireGrace = draft.misfireGrace
        self.misfireBound = draft.misfireBound
        self.overlap = draft.overlap.rawValue
        self.overlapBound = draft.overlapBound
        self.calendar = draft.calendar
        self.description = draft.description
        self.tags = draft.tags
        self.startsAt = draft.startsAt
        self.endsAt = draft.endsAt
        self.jitter = draft.jitter
        self.daylightGap = draft.daylightGap.rawValue
        self.daylightOverlap = draft.daylightOverlap.rawValue
        self.limitKey = draft.limitKey
    }
}

/// What the schema's client answers, as users see it.
extension JobInfo {
    init(_ record: JobRecord) {
        self.init(
            definition: record.definition,
            payload: record.payload,
            priority: record.priority,
            retry: record.retry,
            timeoutMilliseconds: record.timeoutMilliseconds,
            overlap: record.overlap,
            overlapBound: record.overlapBound,
            description: record.description,
            tags: record.tags,
            jitterMilliseconds: record.jitterMilliseconds,
            daylightGap: record.daylightGap,
            daylightOverlap: record.daylightOverlap,
            limitKey: record.limitKey,
            createdAt: record.createdAt,
            updatedAt: record.updatedAt
        )
    }
}

extension WorkInfo {
    init(_ record: WorkRecord) {
        self.init(
            id: record.id,
            kind: record.kind,
            topic: record.topic,
            payload: record.payload,
            dueAt: record.dueAt,
            options: WorkOptions(),
            jobName: record.jobName,
            createdAt: record.createdAt,
            state: record.state
        )
        self.priority = record.priority
        self.attempts = record.attempts
        self.maxAttempts = record.maxAttempts
        self.scheduledFor = record.scheduledFor
        self.uniqueKey = record.uniqueKey
        self.orderingKey = record.orderingKey
        self.limitKey = record.limitKey
        self.correlationID = record.correlationID
        self.isSuspect = record.isSuspect
        self.crashes = record.crashes
        self.node = record.node
        self.epoch = record.epoch
        self.claimedAt = record.claimedAt
    }
}

extension RunningInfo {
    init(_ record: RunningRecord) {
        self.init(
            id: record.id,
            attempt: record.attempt,
            kind: record.kind,
            topic: record.topic,
            jobName: record.jobName,
            scheduledFor: record.scheduledFor,
            dueAt: record.dueAt,
            node: record.node,
            incarnation: record.incarnation,
            epoch: record.epoch,
            claimedAt: record.claimedAt,
            progress: record.progress
        )
    }
}

extension RunInfo {
    init(_ record: RunRecord) {
        self.init(
            id: record.id,
            attempt: record.attempt,
            kind: record.kind,
            topic: record.topic,
            jobName: record.jobName,
            scheduledFor: record.scheduledFor,
            dueAt: record.dueAt,
            node: record.node,
            epoch: record.epoch,
            startedAt: record.startedAt,
            finishedAt: record.finishedAt,
            state: record.state,
            reason: record.reason,
            error: record.error,
            correlationID: record.correlationID,
            output: record.output,
            progress: record.progress
        )
    }
}

extension TenantStatus {
    init(_ summary: TenantSummary) {
        self.init(
            epoch: summary.epoch,
            node: summary.node,
            incarnation: summary.incarnation,
            since: summary.since,
            serverTime: summary.serverTime,
            pending: summary.pending,
            due: summary.due,
            earliestDue: summary.earliestDue,
            running: summary.running,
            deadLetters: summary.deadLetters,
            ended: summary.ended,
            completed: summary.completed,
            completedTwice: summary.completedTwice,
            discarded: summary.discarded,
            skipped: summary.skipped,
            crashed: summary.crashed
        )
    }
}
