-- What users do with dead letters, one or many: retry and discard them.

-- The dead letters that fit all of what is given. A topic is one, or a prefix followed by `*`.
CREATE FUNCTION __schema__.matching_dead_letters(
    topic text, job_name text, reason text, failed_after timestamptz, failed_before timestamptz
) RETURNS SETOF __schema__.dead_letters LANGUAGE sql STABLE AS $$
    SELECT d.* FROM __schema__.dead_letters AS d
    WHERE (matching_dead_letters.topic IS NULL
            OR CASE WHEN right(matching_dead_letters.topic, 1) = '*'
                THEN starts_with(d.topic, left(matching_dead_letters.topic, -1))
                ELSE d.topic = matching_dead_letters.topic END)
        AND (matching_dead_letters.job_name IS NULL OR d.job_name = matching_dead_letters.job_name)
        AND (matching_dead_letters.reason IS NULL OR d.reason = matching_dead_letters.reason)
        AND (failed_after IS NULL OR d.failed_at >= failed_after)
        AND (failed_before IS NULL OR d.failed_at < failed_before)
$$;

-- Whether work takes a dead letter's place already: its unique key, or its occurrence.
CREATE FUNCTION __schema__.is_replaced(dead __schema__.dead_letters) RETURNS boolean LANGUAGE sql VOLATILE
SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
    SELECT EXISTS (SELECT FROM __schema__.work AS w WHERE w.unique_key = dead.unique_key)
        OR EXISTS (
            SELECT FROM __schema__.work AS w
            WHERE w.job_name = dead.job_name AND w.scheduled_for = dead.scheduled_for)
$$;

-- Puts dead letters back to work under their IDs, with their attempts and crashes forgotten and their errors kept.
-- Those whose place is taken stay. Returns how many went.
--
-- A row of work takes over every column that it shares with the dead letter.
CREATE FUNCTION __schema__.revive(ids bigint[]) RETURNS bigint LANGUAGE plpgsql
SET enable_seqscan = off SET jit = off
AS $$
#variable_conflict use_variable
DECLARE
    revived bigint;
BEGIN
    WITH letters AS MATERIALIZED (
        SELECT d.* FROM __schema__.dead_letters AS d WHERE d.id = ANY (ids) FOR UPDATE
    ), back AS (
        INSERT INTO __schema__.work
        SELECT w.* FROM letters AS l
        CROSS JOIN LATERAL jsonb_populate_record(
            NULL::__schema__.work,
            to_jsonb(l) || jsonb_build_object(
                'due_at', now(), 'attempts', 0, 'crashes', 0, 'suspect', false,
                'xid', pg_current_xact_id()::text,
                'retry_until', __schema__.retry_limit(now(), l.retry_for_ms),
                'errors', __schema__.with_error(l.errors, jsonb_build_object(
                    'at', now(), 'state', 'retried', 'reason', 'by ' || current_user)))) AS w
        ORDER BY l.id
        ON CONFLICT DO NOTHING
        RETURNING id
    ), gone AS (
        DELETE FROM __schema__.dead_letters AS d USING letters AS l, back AS b
        WHERE d.id = ANY (ids) AND b.id = d.id AND l.id = d.id AND l.failed_at = d.failed_at
        RETURNING d.id
    )
    SELECT count(*) INTO revived FROM gone;
    IF revived > 0 THEN
        PERFORM __schema__.wake(now());
    END IF;
    RETURN revived;
END $$;

-- Puts a dead letter back to work, with its attempts and crashes forgotten. Returns its ID, which stays.
CREATE FUNCTION __schema__.retry_dead_letter(id bigint) RETURNS bigint LANGUAGE plpgsql
SET enable_seqscan = off SET jit = off
AS $$
#variable_conflict use_variable
DECLARE
    dead __schema__.dead_letters;
BEGIN
    IF __schema__.revive(ARRAY[id]) = 0 THEN
        SELECT d.* INTO dead FROM __schema__.dead_letters AS d WHERE d.id = retry_dead_letter.id;
        IF dead.id IS NULL THEN
            RAISE EXCEPTION 'there is no dead letter %', id
                USING ERRCODE = 'P0002', HINT = 'It may have been retried or discarded already.';
        ELSIF dead.unique_key IS NOT NULL THEN
            RAISE EXCEPTION 'work with the unique key % is under way', quote_literal(dead.unique_key)
                USING ERRCODE = '23505', HINT = 'Discard the dead letter, or retry it when that work has ended.';
        END IF;
        RAISE EXCEPTION 'the occurrence % of job % is under way', dead.scheduled_for, quote_literal(dead.job_name)
            USING ERRCODE = '23505', HINT = 'Discard the dead letter, or retry it when that run has ended.';
    END IF;
    INSERT INTO __schema__.changes (what, name, count) VALUES ('dead_letter.retried', id::text, 1);
    RETURN id;
END $$;

-- Deletes a dead letter; its history stays. False if there is none.
CREATE FUNCTION __schema__.discard_dead_letter(id bigint) RETURNS boolean LANGUAGE plpgsql
SET enable_seqscan = off SET jit = off
AS $$
BEGIN
    DELETE FROM __schema__.dead_letters AS d WHERE d.id = discard_dead_letter.id;
    IF FOUND THEN
        INSERT INTO __schema__.changes (what, name, count) VALUES ('dead_letter.discarded', id::text, 1);
    END IF;
    RETURN FOUND;
END $$;

CREATE FUNCTION __schema__.check_dead_letter_bound(max_count integer) RETURNS void LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF max_count IS NULL OR max_count NOT BETWEEN 1 AND 100000 THEN
        RAISE EXCEPTION 'max_count % is out of range', coalesce(max_count::text, 'NULL')
            USING ERRCODE = '22023', HINT = 'Use 1 to 100000, and call again for the rest; 1000 is the default.';
    END IF;
END $$;

-- Puts the oldest dead letters that fit back to work, `max_count` at most. Says how many fit, how many went back, and
-- how many of the chosen ones stay because other work has their place.
--
-- With `plan` nothing changes, and `retried` is how many would go.
CREATE FUNCTION __schema__.retry_dead_letters(
    topic text DEFAULT NULL, job_name text DEFAULT NULL, reason text DEFAULT NULL,
    failed_after timestamptz DEFAULT NULL, failed_before timestamptz DEFAULT NULL, max_count integer DEFAULT 1000,
    plan boolean DEFAULT false, OUT matching bigint, OUT retried bigint, OUT kept bigint
) LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
    ids bigint[];
BEGIN
    PERFORM __schema__.check_dead_letter_bound(max_count);
    SELECT count(*) INTO matching
    FROM __schema__.matching_dead_letters(topic, job_name, reason, failed_after, failed_before);
    IF plan THEN
        -- Of several with one unique key the first goes.
        SELECT count(*) FILTER (WHERE c.place = 1 AND NOT c.is_replaced),
            count(*) FILTER (WHERE c.place > 1 OR c.is_replaced)
        INTO retried, kept
        FROM (
            SELECT __schema__.is_replaced(chosen.d) AS is_replaced,
                row_number() OVER (PARTITION BY coalesce((chosen.d).unique_key, 'id ' || (chosen.d).id)
                    ORDER BY (chosen.d).id) AS place
            FROM (
                SELECT m::__schema__.dead_letters AS d
                FROM __schema__.matching_dead_letters(topic, job_name, reason, failed_after, failed_before) AS m
                ORDER BY m.failed_at, m.id LIMIT max_count) AS chosen) AS c;
        RETURN;
    END IF;
    ids := ARRAY(
        SELECT m.id FROM __schema__.matching_dead_letters(topic, job_name, reason, failed_after, failed_before) AS m
        ORDER BY m.failed_at, m.id LIMIT max_count);
    retried := __schema__.revive(ids);
    kept := (SELECT count(*) FROM __schema__.dead_letters AS d WHERE d.id = ANY (ids));
    IF retried > 0 THEN
        INSERT INTO __schema__.changes (what, count, detail)
        VALUES ('dead_letters.retried', retried, jsonb_strip_nulls(jsonb_build_object(
            'topic', topic, 'job_name', job_name, 'reason', reason, 'failed_after', failed_after,
            'failed_before', failed_before, 'max_count', max_count)));
    END IF;
END $$;

-- Deletes the oldest dead letters that fit, `max_count` at most; their history stays. Says how many fit and how many
-- went. With `plan` nothing changes, and `discarded` is how many would go.
CREATE FUNCTION __schema__.discard_dead_letters(
    topic text DEFAULT NULL, job_name text DEFAULT NULL, reason text DEFAULT NULL,
    failed_after timestamptz DEFAULT NULL, failed_before timestamptz DEFAULT NULL, max_count integer DEFAULT 1000,
    plan boolean DEFAULT false, OUT matching bigint, OUT discarded bigint
) LANGUAGE plpgsql AS $$
#variable_conflict use_variable
BEGIN
    PERFORM __schema__.check_dead_letter_bound(max_count);
    SELECT count(*) INTO matching
    FROM __schema__.matching_dead_letters(topic, job_name, reason, failed_after, failed_before);
    IF plan THEN
        discarded := least(matching, max_count);
        RETURN;
    END IF;
    DELETE FROM __schema__.dead_letters AS d
    WHERE d.id = ANY (ARRAY(
        SELECT m.id FROM __schema__.matching_dead_letters(topic, job_name, reason, failed_after, failed_before) AS m
        ORDER BY m.failed_at, m.id LIMIT max_count));
    GET DIAGNOSTICS discarded = ROW_COUNT;
    IF discarded > 0 THEN
        INSERT INTO __schema__.changes (what, count, detail)
        VALUES ('dead_letters.discarded', discarded, jsonb_strip_nulls(jsonb_build_object(
            'topic', topic, 'job_name', job_name, 'reason', reason, 'failed_after', failed_after,
            'failed_before', failed_before, 'max_count', max_count)));
    END IF;
END $$;
