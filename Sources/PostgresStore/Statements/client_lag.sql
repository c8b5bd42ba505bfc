-- How late the work is that has been due the longest and does not run, in µs; NULL when nothing is due.
SELECT (extract(epoch FROM clock_timestamp() - min(w.due_at)) * 1000000)::bigint
FROM __schema__.work AS w
WHERE w.due_at <= now() AND NOT EXISTS (SELECT FROM __schema__.claims AS c WHERE w.id = ANY (c.ids))
