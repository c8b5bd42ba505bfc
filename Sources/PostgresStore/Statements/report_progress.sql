-- Stores how far runs say that they are. $1 IDs, $2 epochs, $3 progress.
SELECT __schema__.report_progress($1::bigint[], $2::bigint[], $3::jsonb[])
