-- What the role may do in a schema: whether it is there, may be created, and is the role's own; and which of its tables
-- and functions are closed to the role or belong to others. $1 the schema's name.
SELECT n.oid IS NOT NULL, has_database_privilege(current_database(), 'CREATE'),
    coalesce(pg_has_role(n.nspowner, 'USAGE'), false),
    coalesce(has_schema_privilege(n.oid, 'USAGE'), false),
    ARRAY(
        SELECT c.relname::text FROM pg_class AS c
        WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'v')
            AND NOT has_table_privilege(c.oid, 'SELECT')
        UNION ALL
        SELECT c.relname::text FROM pg_class AS c
        WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p') AND NOT c.relispartition
            AND NOT (has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'UPDATE')
                AND has_table_privilege(c.oid, 'DELETE'))
        ORDER BY 1 LIMIT 20),
    ARRAY(
        SELECT p.proname::text FROM pg_proc AS p
        WHERE p.pronamespace = n.oid AND NOT has_function_privilege(p.oid, 'EXECUTE') ORDER BY 1 LIMIT 20),
    ARRAY(
        SELECT c.relname::text FROM pg_class AS c
        WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p') AND NOT pg_has_role(c.relowner, 'USAGE')
        ORDER BY 1 LIMIT 20)
FROM (VALUES ($1::text)) AS wanted (name)
LEFT JOIN pg_namespace AS n ON n.nspname = wanted.name
