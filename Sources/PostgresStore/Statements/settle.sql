-- Settles runs. $1 batch, $2 incarnation, $3 IDs in ascending order, $4 states, $5 starts, $6 ends, $7 delays in µs,
-- $8 reasons, $9 errors.
SELECT __schema__.settle($1::text::uuid, $2, $3, $4, $5, $6, $7, $8, $9)
