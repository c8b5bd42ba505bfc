-- Settles runs that all completed. $1 batch, $2 incarnation, $3 IDs in ascending order, $4 starts, $5 ends.
SELECT __schema__.settle_completed($1::text::uuid, $2, $3, $4, $5)
