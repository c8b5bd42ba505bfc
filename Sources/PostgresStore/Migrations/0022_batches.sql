-- Many messages at once: from arrays, and by COPY.

-- Adds messages, in order, and wakes the owner once. The arrays run in parallel; `unique_keys` and `ordering_keys` may
-- hold NULLs, or be NULL. Returns the IDs in the order of the payloads.
--
-- Rows that may meet others by a unique key are added one by one.
CREATE FUNCTION __schema__.add_messages(
    topics text[], payloads jsonb[], unique_keys text[], ordering_keys text[], priority integer,
    max_attempts integer, correlation_id text, due_at timestamptz, timeout interval, backoff_base interval,
    backoff_max interval, trace_context text, retry text, retry_for interval, limit_key text, on_conflict text,
    unique_states text, unique_for interval, group_id bigint
) RETURNS bigint[] LANGUAGE plpgsql
SET jit = off
AS $$
#variable_conflict use_variable
DECLARE
    most constant integer := 100000;
    count constant integer := coalesce(cardinality(payloads), 0);
    due constant timestamptz := coalesce(due_at, now());
    retry_ms constant bigint := __schema__.milliseconds(retry_for);
    ids bigint[];
BEGIN
    IF count > most OR cardinality(topics) <> count OR cardinality(coalesce(unique_keys, topics)) <> count
        OR cardinality(coalesce(ordering_keys, topics)) <> count
    THEN
        RAISE EXCEPTION '% payloads, % unique keys and % ordering keys are no batch', count,
            coalesce(cardinality(unique_keys)::text, 'no'), coalesce(cardinality(ordering_keys)::text, 'no')
            USING ERRCODE = '22023',
                HINT = 'Pass arrays of one length, at most ' || most || ', or NULL for no keys.';
    END IF;
    IF count = 0 THEN
        RETURN '{}';
    END IF;
    IF group_id IS NOT NULL THEN
        PERFORM __schema__.join_group(group_id);
    END IF;
    IF EXISTS (SELECT FROM unnest(unique_keys) AS k WHERE k IS NOT NULL) THEN
        SELECT array_agg(
            CASE WHEN group_id IS NULL THEN __schema__.add_work(
                'outbox', m.topic, m.payload, due, m.unique_key, m.ordering_key, priority, max_attempts,
                correlation_id, timeout, backoff_base, backoff_max, trace_context, NULL, retry, retry_for, limit_key,
                CASE WHEN m.unique_key IS NULL THEN 'ignore' ELSE on_conflict END,
                CASE WHEN m.unique_key IS NULL THEN 'live' ELSE unique_states END,
                CASE WHEN m.unique_key IS NOT NULL THEN unique_for END)
            ELSE __schema__.enqueue_to_group(
                group_id, m.topic, m.payload, m.unique_key, m.ordering_key, priority, max_attempts, correlation_id,
                due, timeout, backoff_base, backoff_max, trace_context, retry, retry_for, limit_key,
                CASE WHEN m.unique_key IS NULL THEN 'ignore' ELSE on_conflict END,
                CASE WHEN m.unique_key IS NULL THEN 'live' ELSE unique_states END,
                CASE WHEN m.unique_key IS NOT NULL THEN unique_for END) END
            ORDER BY m.place)
        INTO ids
        FROM unnest(topics, payloads, unique_keys, ordering_keys)
            WITH ORDINALITY AS m (topic, payload, unique_key, ordering_key, place);
        RETURN ids;
    END IF;
    PERFORM __schema__.check_work(
        m.topic, m.payload, priority, max_attempts, timeout, backoff_base, backoff_max, NULL, m.ordering_key, retry,
        retry_for, limit_key)
    FROM unnest(topics, payloads, ordering_keys) AS m (topic, payload, ordering_key);
    ids := ARRAY(SELECT nextval('__schema__.work_id_seq') FROM generate_series(1, count));
    INSERT INTO __schema__.work (
        id, due_at, backoff_base_ms, backoff_max_ms, timeout_ms, retry_until, retry_for_ms, max_attempts, priority,
        kind, topic, payload, ordering_key, correlation_id, trace_context, retry, limit_key, group_id)
    SELECT m.id, due, __schema__.milliseconds(backoff_base), __schema__.milliseconds(backoff_max),
        __schema__.milliseconds(timeout), __schema__.retry_limit(due, retry_ms), retry_ms, max_attempts, priority,
        'outbox', m.topic, m.payload, m.ordering_key, correlation_id, trace_context, retry, limit_key, group_id
    FROM unnest(ids, topics, payloads, ordering_keys) AS m (id, topic, payload, ordering_key);
    PERFORM __schema__.wake(due);
    RETURN ids;
END $$;

-- Enqueues many messages of one topic. Returns their IDs in the order of the payloads.
CREATE FUNCTION __schema__.enqueue_many(
    topic text, payloads jsonb[], unique_keys text[] DEFAULT NULL, ordering_keys text[] DEFAULT NULL,
    priority integer DEFAULT 0, max_attempts integer DEFAULT 5, correlation_id text DEFAULT NULL,
    due_at timestamptz DEFAULT NULL, timeout interval DEFAULT NULL, backoff_base interval DEFAULT '250 milliseconds',
    backoff_max interval DEFAULT '60 seconds', trace_context text DEFAULT NULL, retry text DEFAULT NULL,
    retry_for interval DEFAULT NULL, limit_key text DEFAULT NULL, on_conflict text DEFAULT 'ignore',
    unique_states text DEFAULT 'live', unique_for interval DEFAULT NULL, group_id bigint DEFAULT NULL
) RETURNS bigint[] LANGUAGE sql AS $$
    SELECT __schema__.add_messages(
        array_fill(topic, ARRAY[coalesce(cardinality(payloads), 0)]), payloads, unique_keys, ordering_keys, priority,
        max_attempts, correlation_id, due_at, timeout, backoff_base, backoff_max, trace_context, retry, retry_for,
        limit_key, on_conflict, unique_states, unique_for, group_id)
$$;

-- What messages are copied into: each row is enqueued as by enqueue(), with its checks and its wake-up. Columns that
-- are left out, or NULL, have their defaults. It reads as empty.
CREATE VIEW __schema__.work_in AS
SELECT w.topic, w.payload, w.due_at, w.unique_key, w.ordering_key, w.priority::integer, w.max_attempts,
    w.correlation_id, w.trace_context, NULL::interval AS timeout, w.retry, w.limit_key, w.group_id
FROM __schema__.work AS w WHERE false;

CREATE FUNCTION __schema__.take_copied() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.group_id IS NULL THEN
        PERFORM __schema__.enqueue(
            NEW.topic, coalesce(NEW.payload, '{}'), NEW.unique_key, NEW.ordering_key, coalesce(NEW.priority, 0),
            coalesce(NEW.max_attempts, 5), NEW.correlation_id, NEW.due_at, NEW.timeout,
            trace_context => NEW.trace_context, retry => NEW.retry, limit_key => NEW.limit_key);
    ELSE
        PERFORM __schema__.enqueue_to_group(
            NEW.group_id, NEW.topic, coalesce(NEW.payload, '{}'), NEW.unique_key, NEW.ordering_key,
            coalesce(NEW.priority, 0), coalesce(NEW.max_attempts, 5), NEW.correlation_id, NEW.due_at, NEW.timeout,
            trace_context => NEW.trace_context, retry => NEW.retry, limit_key => NEW.limit_key);
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER work_in_insert INSTEAD OF INSERT ON __schema__.work_in
FOR EACH ROW EXECUTE FUNCTION __schema__.take_copied();
