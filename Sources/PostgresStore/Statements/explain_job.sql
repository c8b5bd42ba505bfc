-- When things happened to a job, a deleted one too. $1 name.
SELECT j.created_at, j.updated_at, j.paused_at, j.resumed_at, j.deleted_at, j.paused, j.overlap
FROM __schema__.jobs AS j
WHERE j.name = $1
