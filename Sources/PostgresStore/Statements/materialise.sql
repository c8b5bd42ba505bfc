-- Turns occurrences of a job into work. $1 epoch, $2 job, $3 revision, $4 last occurrence, $5 occurrences, $6 skipped
-- instants, $7 their reasons, $8 next due instant, $9 whether the job is paused. No row: a conflict.
SELECT
    f.id, f.kind, f.topic, f.payload, f.due_at, f.priority, f.attempts, f.max_attempts, f.backoff_base_ms,
    f.backoff_max_ms, f.timeout_ms, f.ordering_key, f.job_name, f.scheduled_for, f.correlation_id, f.trace_context,
    f.suspect, f.crashes, f.retry, f.retry_until, f.limit_key
FROM __schema__.materialise($1, $2, $3, $4, $5, $6, $7, $8, $9) AS f
