-- Deletes a limit. $1 name.
SELECT __schema__.delete_limit($1)
