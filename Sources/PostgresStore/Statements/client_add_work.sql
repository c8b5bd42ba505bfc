-- Adds an outbox message or a timer. $1 kind, $2 topic, $3 payload, $4 due instant, $5 delay in µs where there is none,
-- $6 unique key, $7 ordering key, $8 priority, $9 most attempts, $10 correlation ID, $11 timeout in ms, $12 first and
-- $13 longest delay of retries in ms, $14 trace context, $15 retry policy, $16 how long to retry in ms, $17 limit key,
-- $18 what a taken unique key does, $19 while what it is taken, $20 for how long in ms.
SELECT __schema__.add_work(
    $1, $2, $3, coalesce($4, now() + $5 * interval '1 microsecond'), $6, $7, $8::bigint::integer, $9::bigint::integer,
    $10, $11 * interval '1 millisecond', $12 * interval '1 millisecond', $13 * interval '1 millisecond', $14, NULL, $15,
    $16 * interval '1 millisecond', $17, $18, $19, $20 * interval '1 millisecond')
