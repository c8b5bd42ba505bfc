-- How far earlier attempts of a run came. $1 ID.
SELECT p.progress FROM __schema__.progress AS p WHERE p.run_id = $1
