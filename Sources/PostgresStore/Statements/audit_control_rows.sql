-- Tables that must have one row and have another number. $1 since (not used), $2 limit.
SELECT to_json(q)::text FROM (
    SELECT t.table, t.rows FROM (
        SELECT 'fence' AS "table", count(*) AS rows FROM __schema__.fence
        UNION ALL
        SELECT 'wakeup', count(*) FROM __schema__.wakeup) AS t
    WHERE t.rows <> 1 AND ($1::timestamptz IS NULL OR true)
    LIMIT $2) AS q
