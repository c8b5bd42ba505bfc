-- Messages that were received, the newest first. $1 source, $2 limit.
SELECT i.source, i.message_id, i.work_id, i.received_at
FROM __schema__.inbox AS i
WHERE $1::text IS NULL OR i.source = $1
ORDER BY i.received_at DESC, i.work_id DESC
LIMIT $2
