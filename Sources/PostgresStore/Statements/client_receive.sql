-- Takes in a message once. $1 source, $2 message ID, $3 topic, $4 payload, $5 due instant, $6 delay in µs where there
-- is none, then as client_add_work from the unique key on; $22 what happens when its payload is another than before.
SELECT __schema__.receive(
    $1, $2, $3, $4, due_at => coalesce($5, now() + $6 * interval '1 microsecond'), unique_key => $7,
    ordering_key => $8, priority => $9::bigint::integer, max_attempts => $10::bigint::integer, correlation_id => $11,
    timeout => $12 * interval '1 millisecond', backoff_base => $13 * interval '1 millisecond',
    backoff_max => $14 * interval '1 millisecond', trace_context => $15, retry => $16,
    retry_for => $17 * interval '1 millisecond', limit_key => $18, on_conflict => $19, unique_states => $20,
    unique_for => $21 * interval '1 millisecond', if_changed => $22)
