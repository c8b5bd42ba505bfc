-- Creates or changes a limit. $1 name, $2 topics, $3 keys, $4 runs at once, $5 rate, $6 burst.
SELECT __schema__.put_limit($1, $2, $3, $4::bigint::integer, $5, $6::bigint::integer)
