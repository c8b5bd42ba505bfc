-- Discards dead letters. $1 topic or prefix followed by *, $2 job, $3 reason, $4 the earliest and $5 the end of when they
-- failed, $6 the most, $7 whether only to tell what would happen.
SELECT matching, discarded, 0::bigint FROM __schema__.discard_dead_letters($1, $2, $3, $4, $5, $6::bigint::integer, $7)
