-- Finds due work. $1 epoch, $2 the snapshot of the last scan, $3 bands of priority, $4 due instants and $5 IDs after
-- which to read in each, $6 limit, $7 until when to publish a sleep, $8 below which priority rows are read as well, and
-- $9 how many of each. The last row, without an ID, tells about the scan.
SELECT
    f.id, f.kind, f.topic, f.payload, f.due_at, f.priority, f.attempts, f.max_attempts, f.backoff_base_ms,
    f.backoff_max_ms, f.timeout_ms, f.ordering_key, f.job_name, f.scheduled_for, f.correlation_id, f.trace_context,
    f.suspect, f.crashes, f.retry, f.retry_until, f.limit_key,
    f.ahead, f.blocked, f.snapshot, f.more, f.overflow, f.next_due, f.server_time, f.asleep
FROM __schema__.scan(
    $1, $2::text::pg_snapshot, $3::bigint[]::smallint[], $4, $5, $6::bigint::integer, $7, $8::bigint::integer, $9::bigint::integer) AS f
