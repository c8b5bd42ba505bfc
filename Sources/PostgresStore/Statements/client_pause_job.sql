-- $1 the job's name.
SELECT __schema__.pause_job($1)
