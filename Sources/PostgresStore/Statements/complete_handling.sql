-- Completes a run inside the transaction of its handler. $1 batch, $2 ID, $3 start, $4 output, $5 progress.
SELECT __schema__.complete_handling($1::text::uuid, $2, $3, $4, $5)
