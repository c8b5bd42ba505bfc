-- $1 name, $2 token.
SELECT __schema__.release_permit($1, $2)
