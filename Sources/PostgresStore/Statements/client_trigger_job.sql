-- $1 the job's name.
SELECT __schema__.trigger_job($1)
