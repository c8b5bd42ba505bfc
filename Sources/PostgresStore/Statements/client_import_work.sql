-- Adds a timer or a message unless there are $20 of its like already, with the unique key or else with the same words.
-- NULL when there are. $1 kind, $2 topic, $3 payload, $4 due instant, $5 unique key, $6 ordering key, $7 priority, $8
-- most attempts, $9 correlation ID, $10 timeout in ms, $11 first and $12 longest delay of retries in ms, $13 trace
-- context, then as client_add_work.
SELECT CASE
    WHEN $5::text IS NOT NULL AND EXISTS (SELECT FROM __schema__.work AS w WHERE w.unique_key = $5) THEN NULL
    WHEN $5::text IS NULL AND $20 <= (
        SELECT count(*) FROM __schema__.work AS w
        WHERE w.priority = $7 AND w.due_at = $4 AND w.kind = $1 AND w.topic = $2 AND w.payload = $3
            AND w.unique_key IS NULL AND w.ordering_key IS NOT DISTINCT FROM $6
            AND w.correlation_id IS NOT DISTINCT FROM $9)
        THEN NULL
    ELSE __schema__.add_work(
        $1, $2, $3, $4, $5, $6, $7::bigint::integer, $8::bigint::integer, $9, $10 * interval '1 millisecond',
        $11 * interval '1 millisecond', $12 * interval '1 millisecond', $13, NULL, $14,
        $15 * interval '1 millisecond', $16, $17, $18, $19 * interval '1 millisecond')
END
