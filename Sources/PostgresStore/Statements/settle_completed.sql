-- Settles runs that all completed. $1 batch, $2 IDs in ascending order, $3 starts, $4 ends.
SELECT __schema__.settle_completed($1::text::uuid, $2, $3, $4)
