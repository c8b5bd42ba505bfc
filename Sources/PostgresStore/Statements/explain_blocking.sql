-- Earlier runs of a job that had not ended at an instant: the last of those that ended since, and the first of those
-- that are still there. $1 job, $2 ID, $3 the instant.
(SELECT r.run_id, r.scheduled_for, r.finished_at, r.state
FROM __schema__.runs AS r
WHERE r.job_name = $1 AND r.run_id < $2 AND r.finished_at > $3 AND r.state <> 'skipped'
ORDER BY r.finished_at DESC LIMIT 1)
UNION ALL
(SELECT w.id, w.scheduled_for, NULL, NULL
FROM __schema__.work AS w
WHERE w.job_name = $1 AND w.id < $2
ORDER BY w.id LIMIT 1)
