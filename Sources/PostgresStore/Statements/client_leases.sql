-- Leases and permits that are held, by name. $1 the most rows.
SELECT h.kind, h.name, h.token, h.holder, h.acquired_at, h.expires_at, h.permits_limit,
    (SELECT count(*) FROM __schema__.lease_waiters AS w
     WHERE w.kind = h.kind AND w.name = h.name AND w.kept_until > clock_timestamp())
FROM (
    SELECT 'lease' AS kind, l.name, l.token, l.holder, l.acquired_at, l.expires_at, NULL::integer AS permits_limit
    FROM __schema__.leases AS l
    WHERE l.holder IS NOT NULL AND l.expires_at > clock_timestamp()
    UNION ALL
    SELECT 'permit', p.name, p.token, p.holder, p.acquired_at, p.expires_at, s.permits_limit
    FROM __schema__.permits AS p JOIN __schema__.semaphores AS s ON s.name = p.name
    WHERE p.expires_at > clock_timestamp()
) AS h
ORDER BY h.name COLLATE "C", h.kind, h.token
LIMIT $1
