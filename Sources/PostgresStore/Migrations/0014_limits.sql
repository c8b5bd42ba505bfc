-- How much of a tenant's work may run at once, or start in how much time.

-- What limits there are. The owner reads them as it reads jobs.
CREATE TABLE __schema__.limits (
    name text PRIMARY KEY,
    -- A topic, or a prefix followed by *.
    topic text NOT NULL DEFAULT '*',
    -- A limit key, or a prefix followed by *: each key counts by itself. NULL: all work of these topics counts together.
    key text,
    max_running integer,
    rate_count integer,
    rate_interval_ms bigint,
    burst integer,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT limits_max_running CHECK (max_running >= 1),
    CONSTRAINT limits_rate CHECK (rate_count >= 1 AND rate_interval_ms >= 1)
);

-- How far rates are used up: when all starts will have been paid for. The owner writes it with its claims, so that a new
-- owner goes on from it. Users do not touch it: what they hold would hold the owner up.
CREATE TABLE __schema__.limit_uses (
    name text NOT NULL,
    key text NOT NULL,
    paid_at timestamptz NOT NULL,
    PRIMARY KEY (name, key)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

-- Creates or changes a limit. Returns whether that changed anything. Runs in progress go on.
CREATE FUNCTION __schema__.put_limit(
    name text, topic text DEFAULT '*', key text DEFAULT NULL, max_running integer DEFAULT NULL, rate text DEFAULT NULL,
    burst integer DEFAULT NULL
) RETURNS boolean LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
    count constant integer := substring(rate FROM '^([0-9]{1,7})/[0-9]{0,6}(?:ms|s|m|h|d)$')::integer;
    units constant text := substring(rate FROM '^[0-9]{1,7}/([0-9]{0,6}(?:ms|s|m|h|d))$');
    -- 10/s is 10/1s.
    span constant bigint := __schema__.duration_ms(CASE WHEN units ~ '^[0-9]' THEN units ELSE '1' || units END);
BEGIN
    IF name IS NULL OR name !~ '^[A-Za-z0-9._-]{1,64}$' THEN
        RAISE EXCEPTION 'the name % of a limit is not valid', coalesce(quote_literal(name), 'NULL')
            USING ERRCODE = '22023', HINT = 'Use 1 to 64 letters, digits, dots, underscores and hyphens.';
    END IF;
    IF topic IS NULL OR topic !~ '^[!-)+-~]{0,199}([*]|[!-)+-~])$' THEN
        RAISE EXCEPTION 'the topic % of a limit is not valid', coalesce(quote_literal(topic), 'NULL')
            USING ERRCODE = '22023', HINT = 'Use a topic, or the beginning of one with a single * at the end.';
    END IF;
    IF length(key) NOT BETWEEN 1 AND 200 OR strpos(left(key, -1), '*') > 0 THEN
        RAISE EXCEPTION 'the key % of a limit is not valid', quote_literal(key)
            USING ERRCODE = '22023', HINT = 'Use a limit key, or the beginning of one with a single * at the end.';
    END IF;
    IF rate IS NOT NULL AND (count >= 1 AND span >= 1) IS NOT TRUE THEN
        RAISE EXCEPTION 'the rate % is not valid', quote_literal(rate)
            USING ERRCODE = '22023', HINT = 'Use starts in a time, such as 10/s, 100/m or 3/10s.';
    END IF;
    IF max_running < 1 OR burst < 1 OR burst IS NOT NULL AND rate IS NULL THEN
        RAISE EXCEPTION 'max_running % or burst % is not valid', max_running, burst
            USING ERRCODE = '22023', HINT = 'Both are 1 or more; burst needs a rate.';
    END IF;
    IF max_running IS NULL AND rate IS NULL THEN
        RAISE EXCEPTION 'limit % limits nothing', quote_literal(name)
            USING ERRCODE = '22023', HINT = 'Give max_running => 5, rate => ''10/s'', or both.';
    END IF;
    INSERT INTO __schema__.limits AS l (name, topic, key, max_running, rate_count, rate_interval_ms, burst)
    VALUES (name, topic, key, max_running, count, span, burst)
    ON CONFLICT ON CONSTRAINT limits_pkey DO UPDATE
    SET topic = excluded.topic, key = excluded.key, max_running = excluded.max_running,
        rate_count = excluded.rate_count, rate_interval_ms = excluded.rate_interval_ms, burst = excluded.burst,
        updated_at = now()
    WHERE (l.topic, l.key, l.max_running, l.rate_count, l.rate_interval_ms, l.burst)
        IS DISTINCT FROM (
            excluded.topic, excluded.key, excluded.max_running, excluded.rate_count, excluded.rate_interval_ms,
            excluded.burst);
    IF FOUND THEN
        PERFORM __schema__.note_change('limit.put', name);
        RETURN true;
    END IF;
    RETURN false;
END $$;

-- Deletes a limit. False if there is none.
CREATE FUNCTION __schema__.delete_limit(name text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM __schema__.limits AS l WHERE l.name = delete_limit.name;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM __schema__.note_change('limit.deleted', delete_limit.name);
    RETURN true;
END $$;

-- What work counts by, in the order of the IDs; a missing limit key is empty.
CREATE FUNCTION __schema__.limit_subjects(ids bigint[], OUT topics text[], OUT limit_keys text[]) LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off
AS $$
BEGIN
    SELECT array_agg(w.topic ORDER BY w.id), array_agg(coalesce(w.limit_key, '') ORDER BY w.id)
    INTO topics, limit_keys
    FROM __schema__.work AS w WHERE w.id = ANY (ids);
END $$;

-- Writes down how far rates are used up, and forgets what is paid for. For the owner, with its claims.
CREATE FUNCTION __schema__.note_limit_uses(
    epoch bigint, names text[], keys text[], paid_at timestamptz[]
) RETURNS void LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off
AS $$
#variable_conflict use_variable
BEGIN
    PERFORM __schema__.assert_epoch(epoch);
    INSERT INTO __schema__.limit_uses AS u (name, key, paid_at)
    SELECT n.name, n.key, n.paid_at FROM unnest(names, keys, paid_at) AS n (name, key, paid_at)
    ON CONFLICT ON CONSTRAINT limit_uses_pkey DO UPDATE SET paid_at = greatest(u.paid_at, excluded.paid_at);
    -- Now and then: many keys come once.
    IF random() < 0.01 THEN
        DELETE FROM __schema__.limit_uses AS u WHERE u.paid_at < clock_timestamp() - interval '1 minute';
    END IF;
END $$;
