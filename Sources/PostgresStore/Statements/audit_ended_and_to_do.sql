-- Work that completed and is still to do, or among the dead letters. $1 since, $2 limit.
SELECT to_json(q)::text FROM (
    SELECT r.run_id, left_over.place, r.kind, r.topic, r.job_name, r.scheduled_for, r.attempt, r.node, r.epoch,
        r.finished_at
    FROM (
        SELECT w.id, 'work' AS place FROM __schema__.work AS w
        UNION ALL
        SELECT d.id, 'dead_letters' FROM __schema__.dead_letters AS d) AS left_over
    JOIN __schema__.runs AS r ON r.run_id = left_over.id
    WHERE r.state = 'completed' AND ($1::timestamptz IS NULL OR r.finished_at >= $1)
    ORDER BY r.run_id
    LIMIT $2) AS q
