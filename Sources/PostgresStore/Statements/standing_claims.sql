-- The claims that stand. One that could not be lent, because it is being settled, is to be looked at again soon.
SELECT c.batch::text, c.incarnation, c.ids, c.keys, coalesce(c.lent_until, clock_timestamp() + interval '1 second')
FROM __schema__.claims AS c
ORDER BY c.claimed_at, c.batch
