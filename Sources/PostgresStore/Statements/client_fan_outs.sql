-- Fan-outs, the newest first. $1 name, $2 limit.
SELECT f.name, f.topic, f.query, f.last_key, f.enqueued, f.group_id, f.started_at, f.finished_at
FROM __schema__.fan_outs AS f
WHERE $1::text IS NULL OR f.name = $1
ORDER BY f.started_at DESC, f.name
LIMIT $2
