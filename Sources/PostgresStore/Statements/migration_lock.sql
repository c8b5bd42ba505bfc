-- Keeps other migrators out until the end of the transaction, and tells whether the schema exists. $1 the schema's
-- name.
SELECT pg_advisory_xact_lock(hashtextextended('tenure ' || $1 || ' migrations', 0)),
    to_regnamespace(quote_ident($1)) IS NOT NULL
