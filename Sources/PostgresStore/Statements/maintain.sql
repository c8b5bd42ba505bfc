-- Partitions ahead, old ones dropped. $1 epoch; retentions in ms: $2 history, $3 dead letters (NULL: for good), $4 inbox,
-- $5 changes.
SELECT __schema__.maintain(
    $1, $2 * interval '1 millisecond', $3::bigint * interval '1 millisecond', $4 * interval '1 millisecond',
    $5 * interval '1 millisecond')
