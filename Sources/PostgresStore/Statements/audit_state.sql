-- Where a tenant stands: the server's clock, the owner, until when it sleeps, the work that has waited longest and could
-- start, and since when the history is complete.
SELECT clock_timestamp(), f.epoch, f.node, f.incarnation, f.since, w.sleep_until, waiting.id, waiting.due_at,
    (SELECT min(to_date(right(c.relname, 8), 'YYYYMMDD')::timestamp AT TIME ZONE 'UTC')
    FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
    WHERE i.inhparent = '__schema__.runs'::regclass AND c.relname ~ '^runs_[0-9]{8}$')
FROM (SELECT count(*) AS rows, max(epoch) AS epoch, max(node) AS node, max(incarnation) AS incarnation,
    max(since) AS since FROM __schema__.fence) AS f
CROSS JOIN (SELECT count(*) AS rows, max(sleep_until) AS sleep_until FROM __schema__.wakeup) AS w
LEFT JOIN LATERAL (
    SELECT v.id, v.due_at FROM __schema__.work AS v
    WHERE v.due_at <= clock_timestamp()
        AND v.id NOT IN (SELECT unnest(c.ids) FROM __schema__.claims AS c)
        AND (v.ordering_key IS NULL
            OR v.ordering_key NOT IN (SELECT unnest(c.keys) FROM __schema__.claims AS c)
            AND NOT EXISTS (
                SELECT FROM __schema__.work AS head WHERE head.ordering_key = v.ordering_key AND head.id < v.id))
    ORDER BY v.due_at, v.id LIMIT 1) AS waiting ON true
WHERE f.rows = 1 AND w.rows = 1
