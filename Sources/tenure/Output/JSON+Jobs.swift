internal import Tenure
internal import TenureCore

extension JSON {
    /// A recurring job as it stands.
    static func job(_ job: JobInfo) -> JSON {
        let definition = job.definition
        let (cron, every): (String?, Duration?) =
            switch definition.schedule {
            case .cron(let expression): (expression, nil)
            case .interval(let microseconds, _): (nil, .microseconds(microseconds))
            }
        return .object([
            "name": .string(definition.name),
            "topic": .string(definition.topic),
            "cron": .string(orNull: cron),
            "every": .string(orNull: every.map(DurationText.text)),
            "time_zone": .string(definition.timeZone),
            "paused": .boolean(definition.isPaused),
            "paused_at": .time(definition.isPaused ? definition.pausedAt : nil),
            "next_due": .time(definition.nextDue),
            "last_occurrence": .time(definition.lastOccurrence),
            "misfire": .string(definition.misfire.rawValue),
            "misfire_grace_ms": .integer(definition.misfireGraceMilliseconds),
            "misfire_bound": .integer(definition.misfireBound),
            "overlap": .string(job.overlap),
            "overlap_bound": .integer(job.overlapBound),
            "calendar": .string(orNull: definition.calendar?.name),
            "description": .string(orNull: job.description),
            "tags": .array(job.tags.map { .string($0) }),
            "jitter_ms": .integer(job.jitterMilliseconds),
            "starts_at": .time(definition.startsAt),
            "ends_at": .time(definition.endsAt),
            "dst_gap": .string(job.daylightGap),
            "dst_overlap": .string(job.daylightOverlap),
            "priority": .integer(job.priority),
            "max_attempts": .integer(job.retry.maxAttempts),
            "backoff_base_ms": .integer(job.retry.baseDelayMilliseconds),
            "backoff_max_ms": .integer(job.retry.maxDelayMilliseconds),
            "retry": .string(orNull: job.retry.delays?.description),
            "retry_for_ms": .integer(job.retry.retryFor?.milliseconds),
            "limit_key": .string(orNull: job.limitKey),
            "timeout_ms": .integer(job.timeoutMilliseconds),
            "revision": .integer(definition.revision),
            "created_at": .time(job.createdAt),
            "updated_at": .time(job.updatedAt),
            "payload": .raw(job.payload),
        ])
    }

    /// A calendar as it stands.
    static func calendar(_ calendar: CalendarInfo) -> JSON {
        .object([
            "name": .string(calendar.definition.name),
            "excluded": .array(calendar.definition.excluded.map { .string($0) }),
            "time_zone": .string(orNull: calendar.definition.timeZone),
            "jobs": .array(calendar.jobs.map { .string($0) }),
            "revision": .integer(calendar.revision),
            "created_at": .time(calendar.createdAt),
            "updated_at": .time(calendar.updatedAt),
        ])
    }
}
