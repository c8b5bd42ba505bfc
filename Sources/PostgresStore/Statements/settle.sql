-- Settles runs. $1 batch, $2 IDs in ascending order, $3 states, $4 starts, $5 ends, $6 delays in µs, $7 reasons, $8
-- errors, $9 outputs, $10 progress.
SELECT __schema__.settle($1::text::uuid, $2, $3, $4, $5, $6, $7, $8, $9, $10)
