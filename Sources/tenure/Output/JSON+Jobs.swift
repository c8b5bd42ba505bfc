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
            "next_due": .time(definition.nextDue),
            "last_occurrence": .time(definition.lastOccurrence),
            "misfire": .string(definition.misfire.rawValue),
            "misfire_grace_ms": .integer(definition.misfireGraceMilliseconds),
            "misfire_bound": .integer(definition.misfireBound),
            "overlap": .string(job.overlap),
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
}
