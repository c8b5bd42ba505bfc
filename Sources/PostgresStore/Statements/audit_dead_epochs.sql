-- Dead letters of an epoch that was never installed. $1 since, $2 limit.
SELECT to_json(q)::text FROM (
    SELECT d.id, d.kind, d.topic, d.node, d.epoch, d.failed_at
    FROM __schema__.dead_letters AS d
    WHERE d.epoch > (SELECT max(f.epoch) FROM __schema__.fence AS f) AND ($1::timestamptz IS NULL OR d.failed_at >= $1)
    ORDER BY d.id
    LIMIT $2) AS q
