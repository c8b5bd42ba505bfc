-- Enqueues messages for the next rows of a fan-out. $1 name, $2 rows.
SELECT __schema__.fan_out_step($1, $2::bigint::integer)
