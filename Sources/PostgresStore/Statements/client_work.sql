-- What is still to do, in the order in which it is due. $1 kinds, $2 job, $3 ID, $4 limit, $5 states.
SELECT l.run_id, l.kind, l.topic, l.payload, l.due_at, l.priority, l.attempt - 1, l.max_attempts, l.job_name,
    l.scheduled_for, l.unique_key, l.ordering_key, l.correlation_id, l.suspect, l.crashes, l.created_at, l.state,
    l.node, l.epoch, l.claimed_at, l.limit_key
FROM __schema__.live AS l
WHERE (cardinality($1::text[]) = 0 OR l.kind = ANY ($1))
    AND ($2::text IS NULL OR l.job_name = $2)
    AND ($3::bigint IS NULL OR l.run_id = $3)
    AND (cardinality($5::text[]) = 0 OR l.state = ANY ($5))
ORDER BY l.due_at, l.run_id
LIMIT $4
