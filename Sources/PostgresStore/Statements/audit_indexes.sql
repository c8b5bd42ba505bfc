-- Indexes that are missing or unfit for use, of partitions too. $1 since (not used), $2 limit.
WITH expected (relation, index) AS (
    VALUES
        ('cancellations', 'cancellations_pkey'),
        ('changes', 'changes_late'), ('changes', 'changes_pkey'),
        ('claims', 'claims_keys'), ('claims', 'claims_lent'), ('claims', 'claims_pkey'),
        ('dead_letters', 'dead_letters_failed_at'), ('dead_letters', 'dead_letters_pkey'),
        ('fence', 'fence_pkey'),
        ('inbox', 'inbox_pkey'), ('inbox', 'inbox_received_at'),
        ('jobs', 'jobs_pkey'),
        ('lease_waiters', 'lease_waiters_pkey'), ('leases', 'leases_pkey'), ('permits', 'permits_pkey'),
        ('semaphores', 'semaphores_pkey'),
        ('runs', 'runs_finished_at'), ('runs', 'runs_job'), ('runs', 'runs_run_id'), ('runs', 'runs_trouble'),
        ('wakeup', 'wakeup_pkey'),
        ('work', 'work_due'), ('work', 'work_late'), ('work', 'work_occurrence'), ('work', 'work_ordering_key'),
        ('work', 'work_pkey'), ('work', 'work_unique_key')
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
