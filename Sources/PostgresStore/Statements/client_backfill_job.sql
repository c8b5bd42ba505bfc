-- Enqueues occurrences of the past. $1 the job's name, $2 the instants, $3 whether only to tell what would be enqueued.
SELECT b.occurrence, b.state, b.run_id FROM __schema__.backfill_job($1, $2, $3) AS b
