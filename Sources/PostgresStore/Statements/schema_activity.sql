-- How many rows that concern an owner were inserted into each schema of a database. $1 the schemas.
SELECT t.schemaname::text, sum(t.n_tup_ins)::bigint
FROM pg_stat_all_tables AS t
WHERE t.relname IN ('work', 'changes', 'released') AND t.schemaname = ANY ($1)
GROUP BY t.schemaname
