-- Occurrences that were made into work more than once. $1 since, $2 limit.
WITH places AS (
    SELECT r.job_name, r.scheduled_for, r.run_id AS id, 'runs' AS place, r.state, r.node, r.epoch, r.finished_at
    FROM __schema__.runs AS r
    WHERE r.job_name IS NOT NULL AND r.scheduled_for IS NOT NULL AND ($1::timestamptz IS NULL OR r.finished_at >= $1)
    UNION ALL
    SELECT w.job_name, w.scheduled_for, w.id, 'work', NULL, NULL, NULL, NULL FROM __schema__.work AS w
    WHERE w.job_name IS NOT NULL AND w.scheduled_for IS NOT NULL
    UNION ALL
    SELECT d.job_name, d.scheduled_for, d.id, 'dead_letters', NULL, d.node, d.epoch, d.failed_at
    FROM __schema__.dead_letters AS d
    WHERE d.job_name IS NOT NULL AND d.scheduled_for IS NOT NULL
), twice AS (
    SELECT p.job_name, p.scheduled_for FROM places AS p
    GROUP BY p.job_name, p.scheduled_for HAVING min(p.id) <> max(p.id)
    ORDER BY p.job_name, p.scheduled_for LIMIT $2
)
SELECT to_json(q)::text FROM (
    SELECT p.* FROM twice AS t JOIN places AS p USING (job_name, scheduled_for)
    ORDER BY p.job_name, p.scheduled_for, p.id, p.finished_at
    LIMIT $2) AS q
