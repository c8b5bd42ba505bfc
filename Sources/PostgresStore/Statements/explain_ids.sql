-- What an occurrence became, each ID once. $1 job, $2 and $3 the instants between which it lies.
SELECT p.id, max(p.scheduled_for)
FROM (
    SELECT r.run_id AS id, r.scheduled_for FROM __schema__.runs AS r
    WHERE r.job_name = $1 AND r.scheduled_for >= $2 AND r.scheduled_for <= $3
    UNION ALL
    SELECT w.id, w.scheduled_for FROM __schema__.work AS w
    WHERE w.job_name = $1 AND w.scheduled_for >= $2 AND w.scheduled_for <= $3
    UNION ALL
    SELECT d.id, d.scheduled_for FROM __schema__.dead_letters AS d
    WHERE d.job_name = $1 AND d.scheduled_for >= $2 AND d.scheduled_for <= $3) AS p
GROUP BY p.id
ORDER BY p.id
LIMIT 10
