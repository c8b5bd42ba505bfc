-- Fan-out: a message for each row of a query, in steps that remember how far they came.

-- A row for each fan-out. Position and messages are committed together, so that after a crash the next step goes on
-- where the last one ended: nothing twice, nothing left out.
CREATE TABLE __schema__.fan_outs (
    name text PRIMARY KEY,
    topic text NOT NULL,
    -- Returns the columns `key`, which is unique and orders the rows, and `payload`.
    query text NOT NULL,
    -- The type of `key`, once a row has been seen.
    key_type text,
    last_key text,
    group_id bigint,
    priority integer NOT NULL,
    max_attempts integer NOT NULL,
    correlation_id text,
    enqueued bigint NOT NULL DEFAULT 0,
    started_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
);

-- Begins a fan-out, or finds the one that was begun under this name with the same topic and query. True if it is new.
--
-- Rows that keep their keys while it lasts get exactly one message each; rows that appear behind the position get none.
-- With `follow_up`, a topic, the messages are a group, which is sealed with the last step: its follow-up runs once all
-- of them have ended.
CREATE FUNCTION __schema__.begin_fan_out(
    name text, topic text, query text, follow_up text DEFAULT NULL, follow_up_payload jsonb DEFAULT '{}',
    priority integer DEFAULT 0, max_attempts integer DEFAULT 5, correlation_id text DEFAULT NULL
) RETURNS boolean LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
    present __schema__.fan_outs;
BEGIN
    PERFORM __schema__.check_work(topic, '{}', priority, max_attempts, NULL, '0', '0', NULL, NULL);
    IF name IS NULL OR name = '' OR query IS NULL THEN
        RAISE EXCEPTION 'a fan-out needs a name and a query'
            USING ERRCODE = '22023', HINT = 'The name tells it from others, and is how it goes on after a crash.';
    END IF;
    query := rtrim(query, E' \n\t;');
    INSERT INTO __schema__.fan_outs AS f (name, topic, query, priority, max_attempts, correlation_id)
    VALUES (name, topic, query, priority, max_attempts, correlation_id)
    ON CONFLICT ON CONSTRAINT fan_outs_pkey DO NOTHING
    RETURNING f.* INTO present;
    IF NOT FOUND THEN
        IF NOT EXISTS (
            SELECT FROM __schema__.fan_outs AS f
            WHERE f.name = begin_fan_out.name AND f.topic = begin_fan_out.topic AND f.query = begin_fan_out.query)
        THEN
            RAISE EXCEPTION 'fan-out % was begun with another topic or query', quote_literal(name)
                USING ERRCODE = '23505', HINT = 'Choose another name; one name goes on with one query.';
        END IF;
        RETURN false;
    END IF;
    -- The columns are there, and compare: an error here names what is wrong with the query.
    EXECUTE format('SELECT pg_typeof(f.key)::text FROM (SELECT q.key, q.payload::jsonb FROM (%s) AS q LIMIT 1) AS f', query)
    INTO present.key_type;
    IF follow_up IS NOT NULL THEN
        present.group_id := __schema__.open_group(follow_up, follow_up_payload, correlation_id => correlation_id);
    END IF;
    UPDATE __schema__.fan_outs AS f SET key_type = present.key_type, group_id = present.group_id
    WHERE f.name = begin_fan_out.name;
    RETURN true;
END $$;

-- Enqueues messages for the next rows, at most `rows`. Returns how many; fewer than `rows` means that it has finished,
-- as does every call after that with 0. To be called in one short transaction for each step.
CREATE FUNCTION __schema__.fan_out_step(name text, rows integer DEFAULT 1000) RETURNS integer LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
    present __schema__.fan_outs;
    keys text[];
    payloads jsonb[];
    distinct_keys integer;
    found_rows integer;
    count integer;
BEGIN
    IF rows IS NULL OR rows NOT BETWEEN 1 AND 100000 THEN
        RAISE EXCEPTION 'a step of % rows is out of range', coalesce(rows::text, 'NULL')
            USING ERRCODE = '22023', HINT = 'Use 1 to 100000; 1000 is the default.';
    END IF;
    PERFORM __schema__.assert_read_committed();
    -- One step at a time.
    SELECT f.* INTO present FROM __schema__.fan_outs AS f WHERE f.name = fan_out_step.name FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no fan-out %', quote_literal(name)
            USING ERRCODE = 'P0002', HINT = 'Begin it by begin_fan_out.';
    END IF;
    IF present.finished_at IS NOT NULL THEN
        RETURN 0;
    END IF;
    IF present.key_type IS NULL THEN
        EXECUTE format('SELECT pg_typeof(f.key)::text FROM (SELECT q.key FROM (%s) AS q LIMIT 1) AS f', present.query)
        INTO present.key_type;
    END IF;
    -- One row more than asked for tells two rows with one key apart from two steps.
    EXECUTE format(
        'SELECT array_agg(s.key::text ORDER BY s.key), array_agg(s.payload ORDER BY s.key), count(*),
            count(DISTINCT s.key)
        FROM (
            SELECT f.key, f.payload::jsonb AS payload FROM (%s) AS f
            WHERE $1 IS NULL OR f.key > $1::%s ORDER BY f.key LIMIT $2) AS s',
        present.query, coalesce(present.key_type, 'text'))
    USING present.last_key, rows + 1 INTO keys, payloads, found_rows, distinct_keys;
    IF distinct_keys <> found_rows THEN
        RAISE EXCEPTION 'the keys of fan-out % are not unique, or NULL', quote_literal(name)
            USING ERRCODE = '22023', HINT = 'The query''s column key must tell its rows apart.';
    END IF;
    count := least(found_rows, rows);
    IF count > 0 THEN
        PERFORM __schema__.add_messages(
            array_fill(present.topic, ARRAY[count]), payloads[1:count], NULL, NULL, present.priority,
            present.max_attempts, present.correlation_id, NULL, NULL, '250 milliseconds', '60 seconds', NULL, NULL,
            NULL, NULL, 'ignore', 'live', NULL, present.group_id);
    END IF;
    UPDATE __schema__.fan_outs AS f
    SET key_type = present.key_type, last_key = coalesce(keys[count], f.last_key), enqueued = f.enqueued + count,
        finished_at = CASE WHEN count < rows THEN clock_timestamp() END
    WHERE f.name = fan_out_step.name;
    IF count < rows AND present.group_id IS NOT NULL THEN
        PERFORM __schema__.seal_group(present.group_id);
    END IF;
    RETURN count;
END $$;

-- Forgets a fan-out, so that its name can be used again. What it enqueued stays. False if there is none.
CREATE FUNCTION __schema__.forget_fan_out(name text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM __schema__.fan_outs AS f WHERE f.name = forget_fan_out.name;
    RETURN FOUND;
END $$;
