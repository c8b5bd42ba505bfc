-- What became of a completion whose answer was lost. $1 batch, $2 ID.
SELECT __schema__.handling_outcome($1::text::uuid, $2)
