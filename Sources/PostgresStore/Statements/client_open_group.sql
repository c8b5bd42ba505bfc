-- Opens a group with its follow-up, and returns both. $1 topic, $2 payload, $3 expiry, $4 time to it in µs where there
-- is none, NULL for never, then as client_add_work from the ordering key on.
WITH opened AS MATERIALIZED (
    SELECT __schema__.open_group(
        $1, $2, coalesce($3, now() + $4 * interval '1 microsecond'), $5, $6::bigint::integer, $7::bigint::integer, $8,
        $9 * interval '1 millisecond', $10 * interval '1 millisecond', $11 * interval '1 millisecond', $12, $13,
        $14 * interval '1 millisecond') AS id
)
SELECT o.id FROM opened AS o
