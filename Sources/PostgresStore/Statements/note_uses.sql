-- Writes down how far rates are used up. $1 epoch, $2 limits, $3 limit keys, $4 when all starts will have been paid for.
SELECT __schema__.note_limit_uses($1, $2, $3, $4)
