-- Acquires a lease, or tells how things are. $1 name, $2 holder, $3 duration in milliseconds, $4 how long a place among
-- the waiters is kept in milliseconds, NULL to not wait.
SELECT t.token, __schema__.milliseconds(t.free_in), t.ahead
FROM __schema__.try_lease($1, $2, $3 * interval '1 millisecond', $4 * interval '1 millisecond') AS t
