-- Runs in progress that a user cancelled, for a node that owns the tenant no more and still runs some.
SELECT c.id FROM __schema__.cancellations AS c ORDER BY c.id
