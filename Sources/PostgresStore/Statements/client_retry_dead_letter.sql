-- $1 the ID.
SELECT __schema__.retry_dead_letter($1)
