-- Enqueues messages. $1 topics, $2 payloads, $3 unique keys, $4 ordering keys, $5 due instant, $6 delay in µs where
-- there is none, $7 priority, $8 most attempts, $9 correlation ID, $10 timeout in ms, $11 first and $12 longest delay of
-- retries in ms, $13 trace context, $14 retry policy, $15 time limit of retries in ms, $16 limit key, $17 conflict, $18
-- states and $19 time in ms of unique keys, $20 group.
SELECT __schema__.add_messages(
    $1, $2, $3, $4, $7::bigint::integer, $8::bigint::integer, $9,
    coalesce($5, now() + $6 * interval '1 microsecond'), $10 * interval '1 millisecond',
    $11 * interval '1 millisecond', $12 * interval '1 millisecond', $13, $14, $15 * interval '1 millisecond', $16, $17,
    $18, $19 * interval '1 millisecond', $20)
