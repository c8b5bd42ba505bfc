-- $1 the ID.
SELECT __schema__.discard_dead_letter($1)
