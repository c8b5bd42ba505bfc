-- The server's clock, whether definitions changed, and which runs in progress were cancelled. $1 epoch, $2 the snapshot
-- of the last look, NULL for none.
SELECT l.server_time, l.snapshot, l.changed, l.cancelled FROM __schema__.look($1, $2::text::pg_snapshot) AS l
