-- History, the newest first. $1 ID, $2 states, $3 job, $4 kinds, $5 ended before, $6 limit.
SELECT r.run_id, r.attempt, r.kind, r.topic, r.job_name, r.scheduled_for, r.due_at, r.node, r.epoch, r.started_at,
    r.finished_at, r.state, r.reason, r.error, r.correlation_id, r.output, r.progress
FROM __schema__.runs AS r
WHERE ($1::bigint IS NULL OR r.run_id = $1)
    AND (cardinality($2::text[]) = 0 OR r.state = ANY ($2))
    AND ($3::text IS NULL OR r.job_name = $3)
    AND (cardinality($4::text[]) = 0 OR r.kind = ANY ($4))
    AND ($5::timestamptz IS NULL OR r.finished_at < $5)
ORDER BY r.finished_at DESC, r.run_id DESC, r.attempt DESC
LIMIT $6
