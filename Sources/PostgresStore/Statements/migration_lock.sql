-- Keeps other migrators out until the end of the transaction. $1 the schema's name.
SELECT pg_advisory_xact_lock(hashtextextended('tenure ' || $1 || ' migrations', 0))
