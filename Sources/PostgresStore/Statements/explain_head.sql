-- The work that is ahead of some work under its ordering key. $1 ID.
SELECT h.id
FROM __schema__.work AS w JOIN __schema__.work AS h ON h.ordering_key = w.ordering_key AND h.id < w.id
WHERE w.id = $1
ORDER BY h.id
LIMIT 1
