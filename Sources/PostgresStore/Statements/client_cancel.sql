-- Cancels work that has not started. $1 ID, $2 kinds that may be cancelled.
SELECT __schema__.cancel_work($1, $2, 'cancelled')
