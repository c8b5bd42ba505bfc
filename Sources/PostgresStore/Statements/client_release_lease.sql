-- $1 name, $2 token.
SELECT __schema__.release_lease($1, $2)
