-- Jobs that are not deleted. $1 a name, or NULL for all, $2 tags that they have.
SELECT j.name, j.topic, j.payload, j.cron, (extract(epoch FROM j.every) * 1000000)::bigint, j.time_zone, j.priority,
    j.max_attempts, j.timeout_ms, j.misfire, j.misfire_grace_ms, j.misfire_bound, j.overlap, j.starts_at, j.ends_at,
    j.jitter_ms, j.dst_gap, j.dst_overlap, j.paused, j.next_due, j.last_occurrence, j.revision, j.created_at,
    j.updated_at, j.anchor, j.planned_from, j.backoff_base_ms, j.backoff_max_ms, j.retry, j.retry_for_ms, j.limit_key,
    j.paused_at, j.resumed_at, c.name, c.excluded, c.time_zone, j.overlap_bound, j.description, j.tags
FROM __schema__.jobs AS j
LEFT JOIN __schema__.calendars AS c ON c.name = j.calendar
WHERE j.deleted_at IS NULL AND ($1::text IS NULL OR j.name = $1) AND j.tags @> $2
ORDER BY j.name
