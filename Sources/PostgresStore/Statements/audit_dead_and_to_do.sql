-- Dead letters that are also work. $1 since, $2 limit.
SELECT to_json(q)::text FROM (
    SELECT d.id, d.kind, d.topic, d.job_name, d.scheduled_for, d.failed_at, d.reason, w.due_at, w.attempts
    FROM __schema__.dead_letters AS d JOIN __schema__.work AS w ON w.id = d.id
    WHERE $1::timestamptz IS NULL OR d.failed_at >= $1
    ORDER BY d.id
    LIMIT $2) AS q
