-- Dead letters, the newest first. $1 ID, $2 limit.
SELECT d.id, d.kind, d.topic, d.payload, d.failed_at, d.reason, d.error, d.node, d.epoch, d.due_at, d.attempts,
    d.max_attempts, d.crashes, d.job_name, d.scheduled_for, d.unique_key, d.ordering_key, d.correlation_id,
    d.created_at
FROM __schema__.dead_letters AS d
WHERE $1::bigint IS NULL OR d.id = $1
ORDER BY d.failed_at DESC, d.id DESC
LIMIT $2
