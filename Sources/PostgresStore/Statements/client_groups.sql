-- Groups, the newest first. $1 ID, $2 limit.
SELECT g.id, g.state, g.sealed, g.pending, g.completed, g.discarded, g.cancelled, g.follow_up, g.created_at, g.ended_at
FROM __schema__.group_status AS g
WHERE $1::bigint IS NULL OR g.id = $1
ORDER BY g.id DESC
LIMIT $2
