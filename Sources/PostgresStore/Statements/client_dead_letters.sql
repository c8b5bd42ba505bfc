-- Dead letters, the newest first. $1 ID; what they have to fit, each NULL for any: $2 topic or prefix followed by *, $3
-- job, $4 reason, $5 the earliest and $6 the end of when they failed; $7 limit. Instants in the errors are microseconds.
SELECT d.id, d.kind, d.topic, d.payload, d.failed_at, d.reason, d.error, d.node, d.epoch, d.due_at, d.attempts,
    d.max_attempts, d.crashes, d.job_name, d.scheduled_for, d.unique_key, d.ordering_key, d.correlation_id,
    d.created_at, __schema__.errors_in_microseconds(d.errors)
FROM __schema__.matching_dead_letters($2, $3, $4, $5, $6) AS d
WHERE $1::bigint IS NULL OR d.id = $1
ORDER BY d.failed_at DESC, d.id DESC
LIMIT $7
