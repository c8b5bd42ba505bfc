-- Creates or changes a job. $1 name, $2 topic, $3 cron, $4 payload, $5 time zone, $6 interval in µs, $7 priority, $8
-- most attempts, $9 timeout in ms, $10 first and $11 longest delay of retries in ms, $12 misfire policy, $13 grace in
-- ms, $14 bound, $15 overlap policy, $16 and $17 window, $18 jitter in ms, $19 and $20 daylight saving policies,
-- $21 retry policy, $22 how long to retry in ms, $23 limit key, $24 how many may wait, $25 calendar, $26 description,
-- $27 tags.
SELECT __schema__.schedule_job(
    $1, $2, $3, $4, $5, $6 * interval '1 microsecond', $7::bigint::integer, $8::bigint::integer,
    $9 * interval '1 millisecond', $10 * interval '1 millisecond', $11 * interval '1 millisecond', $12,
    $13 * interval '1 millisecond', $14::bigint::integer, $15, $16, $17, $18 * interval '1 millisecond', $19, $20,
    $21, $22 * interval '1 millisecond', $23, $24::bigint::integer, $25, $26, $27)
