-- Whether a schema exists. A statement of its own after the lock: that one's snapshot is older than its wait. $1 the name.
SELECT to_regnamespace(quote_ident($1)) IS NOT NULL
