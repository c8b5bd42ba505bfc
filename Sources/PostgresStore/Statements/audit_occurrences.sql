-- What is recorded of the occurrences of a job: instants in ascending order with the lowest ID of each, and whether the
-- row stands for all earlier ones that were due with it. $1 job, $2 later than, $3 up to.
SELECT coalesce(array_agg(o.scheduled_for ORDER BY o.scheduled_for), '{}'),
    coalesce(array_agg(o.id ORDER BY o.scheduled_for), '{}'),
    coalesce(array_agg(o.stands_for_earlier ORDER BY o.scheduled_for), '{}')
FROM (
    SELECT p.scheduled_for, min(p.id) AS id, bool_or(p.stands_for_earlier) AS stands_for_earlier
    FROM (
        SELECT r.scheduled_for, r.run_id AS id,
            r.state = 'skipped' AND coalesce(r.reason, '') LIKE '%:earlier-too' AS stands_for_earlier
        FROM __schema__.runs AS r
        WHERE r.job_name = $1 AND r.scheduled_for > $2 AND r.scheduled_for <= $3
        UNION ALL
        SELECT w.scheduled_for, w.id, false FROM __schema__.work AS w
        WHERE w.job_name = $1 AND w.scheduled_for > $2 AND w.scheduled_for <= $3
        UNION ALL
        SELECT d.scheduled_for, d.id, false FROM __schema__.dead_letters AS d
        WHERE d.job_name = $1 AND d.scheduled_for > $2 AND d.scheduled_for <= $3) AS p
    GROUP BY p.scheduled_for) AS o
