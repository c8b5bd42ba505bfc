-- The claims that stand, with the ordering keys that their rows have, and the IDs that are no work. Bounded: $1.
SELECT c.batch::text, c.node, c.incarnation, c.epoch, c.claimed_at, c.lent_until, c.ids, c.keys,
    ARRAY(
        SELECT w.ordering_key FROM __schema__.work AS w WHERE w.id = ANY (c.ids) AND w.ordering_key IS NOT NULL),
    ARRAY(SELECT unnest(c.ids) EXCEPT SELECT w.id FROM __schema__.work AS w WHERE w.id = ANY (c.ids) ORDER BY 1)
FROM __schema__.claims AS c
ORDER BY c.claimed_at, c.batch
LIMIT $1
