-- What is still to do, in the order in which it is due. $1 kinds, $2 job, $3 ID, $4 limit.
SELECT w.id, w.kind, w.topic, w.payload, w.due_at, w.priority, w.attempts, w.max_attempts, w.job_name,
    w.scheduled_for, w.unique_key, w.ordering_key, w.correlation_id, w.suspect, w.crashes, w.created_at,
    CASE
        WHEN c.node IS NOT NULL THEN 'running'
        WHEN w.attempts > 0 THEN 'retryable'
        WHEN w.due_at > now() THEN 'scheduled'
        ELSE 'available'
    END,
    c.node, c.epoch, c.claimed_at
FROM __schema__.work AS w
LEFT JOIN LATERAL (SELECT d.* FROM __schema__.claims AS d WHERE w.id = ANY (d.ids) LIMIT 1) AS c ON true
WHERE (cardinality($1::text[]) = 0 OR w.kind = ANY ($1))
    AND ($2::text IS NULL OR w.job_name = $2)
    AND ($3::bigint IS NULL OR w.id = $3)
ORDER BY w.due_at, w.id
LIMIT $4
