-- Pauses jobs, and counts them: all, and those that this changed. $1 a topic, or NULL for all jobs.
WITH chosen AS MATERIALIZED (
    SELECT j.name FROM __schema__.jobs AS j
    WHERE j.deleted_at IS NULL AND ($1::text IS NULL OR j.topic = $1)
    ORDER BY j.name FOR NO KEY UPDATE)
SELECT count(*), count(*) FILTER (WHERE __schema__.pause_job(c.name)) FROM chosen AS c
