-- Cancels a run, also one in progress, and says what became of it. $1 ID.
SELECT __schema__.cancel_run($1)
