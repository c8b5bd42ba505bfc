-- The claims that stand. One that could not be lent, because it is being settled, is to be looked at again soon.
SELECT c.batch::text, c.incarnation, c.ids, c.keys, coalesce(c.lent_until, clock_timestamp() + interval '1 second'),
    coalesce(s.topics, '{}'), coalesce(s.limit_keys, '{}')
FROM __schema__.claims AS c
-- What limits count by.
LEFT JOIN LATERAL __schema__.limit_subjects(CASE WHEN c.lent_until IS NOT NULL THEN c.ids END) AS s ON true
ORDER BY c.claimed_at, c.batch
