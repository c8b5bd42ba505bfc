-- The jobs that are not deleted, as their owner plans them.
SELECT j.name, j.topic, j.cron, (extract(epoch FROM j.every) * 1000000)::bigint, j.anchor, j.time_zone, j.misfire,
    j.misfire_grace_ms, j.misfire_bound, j.paused, j.starts_at, j.ends_at, j.next_due, j.last_occurrence,
    j.planned_from, j.revision, j.dst_gap, j.dst_overlap, j.paused_at, j.resumed_at, c.name, c.excluded, c.time_zone
FROM __schema__.jobs AS j
LEFT JOIN __schema__.calendars AS c ON c.name = j.calendar
WHERE j.deleted_at IS NULL
ORDER BY j.name
