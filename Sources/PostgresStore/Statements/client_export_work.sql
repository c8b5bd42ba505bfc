-- Timers and messages that have not started, in the order of enqueuing.
SELECT w.kind, w.topic, w.payload, w.due_at, split_part(w.unique_key, E'\x1f', 1), w.ordering_key, w.priority, w.max_attempts, w.correlation_id,
    w.timeout_ms, w.backoff_base_ms, w.backoff_max_ms, w.trace_context, w.retry, w.retry_for_ms,
    w.limit_key
FROM __schema__.work AS w
WHERE w.kind IN ('timer', 'outbox')
    AND NOT EXISTS (SELECT FROM __schema__.claims AS c WHERE w.id = ANY (c.ids))
ORDER BY w.id
