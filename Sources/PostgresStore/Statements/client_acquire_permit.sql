-- Acquires a permit, or tells how things are. $1 name, $2 limit, $3 holder, $4 duration in milliseconds, $5 how long a
-- place among the waiters is kept in milliseconds, NULL to not wait.
SELECT t.token, __schema__.milliseconds(t.free_in), t.ahead
FROM __schema__.try_permit($1, $2::integer, $3, $4 * interval '1 millisecond', $5 * interval '1 millisecond') AS t
