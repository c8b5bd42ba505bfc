-- Partitions of the history that are missing: today's, tomorrow's. $1 since (not used), $2 limit.
SELECT to_json(q)::text FROM (
    SELECT 'runs_' || to_char(day, 'YYYYMMDD') AS partition
    FROM generate_series(
        date_trunc('day', clock_timestamp() AT TIME ZONE 'UTC'),
        date_trunc('day', clock_timestamp() AT TIME ZONE 'UTC') + interval '1 day', interval '1 day') AS day
    WHERE ($1::timestamptz IS NULL OR true) AND NOT EXISTS (
        SELECT FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
        WHERE i.inhparent = '__schema__.runs'::regclass AND c.relname = 'runs_' || to_char(day, 'YYYYMMDD'))
    LIMIT $2) AS q
