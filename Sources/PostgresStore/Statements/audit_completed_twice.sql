-- Runs that completed more than once. $1 since, $2 limit.
SELECT to_json(q)::text FROM (
    SELECT r.run_id, r.attempt, r.kind, r.topic, r.job_name, r.scheduled_for, r.node, r.epoch, r.started_at,
        r.finished_at
    FROM (
        SELECT c.run_id FROM __schema__.runs AS c
        WHERE c.state = 'completed' AND ($1::timestamptz IS NULL OR c.finished_at >= $1)
        GROUP BY c.run_id HAVING count(*) > 1
        ORDER BY c.run_id LIMIT $2) AS twice
    JOIN __schema__.runs AS r ON r.run_id = twice.run_id AND r.state = 'completed'
    ORDER BY r.run_id, r.finished_at
    LIMIT $2) AS q
