-- $1 the job's name.
SELECT __schema__.resume_job($1)
