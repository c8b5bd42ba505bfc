-- A tenant's limits.
SELECT l.name, l.topic, l.key, l.max_running, l.rate_count, l.rate_interval_ms, l.burst
FROM __schema__.limits AS l
ORDER BY l.name
