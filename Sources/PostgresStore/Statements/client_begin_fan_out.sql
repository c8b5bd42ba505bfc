-- Begins a fan-out, or finds it. $1 name, $2 topic, $3 query, $4 topic of a follow-up, $5 its payload, $6 priority, $7
-- most attempts, $8 correlation ID.
SELECT __schema__.begin_fan_out($1, $2, $3, $4, $5, $6::bigint::integer, $7::bigint::integer, $8)
