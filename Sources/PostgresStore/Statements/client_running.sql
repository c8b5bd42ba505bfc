-- What runs now, the longest-running first. $1 limit.
SELECT r.run_id, r.attempt, r.kind, r.topic, r.job_name, r.scheduled_for, r.due_at, r.node, r.incarnation, r.epoch,
    r.claimed_at, r.progress
FROM __schema__.running AS r
ORDER BY r.claimed_at, r.run_id
LIMIT $1
