-- Cancels a group with its members. $1 ID.
SELECT __schema__.cancel_group($1)
