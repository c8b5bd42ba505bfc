-- Indexes that are missing or unfit for use, of partitions too. $1 since (not used), $2 limit, $3 and $4 the tables and
-- the indexes that there should be.
WITH expected AS (
    SELECT e.relation, e.index FROM unnest($3::text[], $4::text[]) AS e (relation, index)
), present AS (
    SELECT t.oid AS table_oid, x.oid AS index_oid, x.relname AS index, i.indisvalid AND i.indisready AS fit
    FROM pg_index AS i
    JOIN pg_class AS x ON x.oid = i.indexrelid
    JOIN pg_class AS t ON t.oid = i.indrelid
    WHERE t.relnamespace = '__schema__'::regnamespace
)
SELECT to_json(q)::text FROM (
    SELECT e.relation, e.index, CASE WHEN p.index IS NULL THEN 'missing' ELSE 'invalid' END AS problem
    FROM expected AS e LEFT JOIN present AS p ON p.index = e.index
    WHERE p.fit IS NOT TRUE AND ($1::timestamptz IS NULL OR true)
    UNION ALL
    SELECT c.relname, e.index, 'missing in a partition'
    FROM expected AS e
    JOIN present AS p ON p.index = e.index AND e.relation = 'runs'
    CROSS JOIN LATERAL (
        SELECT i.inhrelid AS oid FROM pg_inherits AS i WHERE i.inhparent = '__schema__.runs'::regclass) AS part
    JOIN pg_class AS c ON c.oid = part.oid
    WHERE NOT EXISTS (
        SELECT FROM pg_inherits AS i JOIN present AS child ON child.index_oid = i.inhrelid
        WHERE i.inhparent = p.index_oid AND child.table_oid = part.oid AND child.fit)
    ORDER BY 1, 2
    LIMIT $2) AS q
