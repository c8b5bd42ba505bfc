-- $1 the job's name.
SELECT __schema__.delete_job($1)
