-- What users call to enqueue work, in any language, inside their own transactions.

-- Checks the arguments that all kinds of work have in common. Text limits bound the rows that an owner reads in one
-- batch.
CREATE FUNCTION __schema__.check_work(
    topic text, payload jsonb, priority integer, max_attempts integer, timeout interval, backoff_base interval,
    backoff_max interval, unique_key text, ordering_key text
) RETURNS void LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF topic IS NULL OR topic !~ '^[!-~]{1,200}$' THEN
        RAISE EXCEPTION 'the topic % is not valid', coalesce(quote_literal(topic), 'NULL')
            USING ERRCODE = '22023',
                HINT = 'Use 1 to 200 printable ASCII characters without spaces, such as invoice.send.';
    END IF;
    IF payload IS NULL THEN
        RAISE EXCEPTION 'the payload is NULL'
            USING ERRCODE = '22004', HINT = 'Leave it out for an empty object, or write ''null''::jsonb.';
    END IF;
    IF priority IS NULL OR priority NOT BETWEEN -9 AND 9 THEN
        RAISE EXCEPTION 'the priority % is out of range', coalesce(priority::text, 'NULL')
            USING ERRCODE = '22023', HINT = 'Use -9 (last) to 9 (first); 0 is the default.';
    END IF;
    IF max_attempts IS NULL OR max_attempts NOT BETWEEN 1 AND 1000 THEN
        RAISE EXCEPTION 'max_attempts % is out of range', coalesce(max_attempts::text, 'NULL')
            USING ERRCODE = '22023', HINT = 'Use 1 (no retry) to 1000; 5 is the default.';
    END IF;
    IF timeout < interval '1 millisecond' THEN
        RAISE EXCEPTION 'the timeout % is not positive', timeout
            USING ERRCODE = '22023', HINT = 'Use an interval such as ''5 minutes'', or NULL for the node''s default.';
    END IF;
    IF backoff_base IS NULL OR backoff_max IS NULL OR backoff_base < interval '0' OR backoff_max < backoff_base THEN
        RAISE EXCEPTION 'the backoff from % to % is not valid',
            coalesce(backoff_base::text, 'NULL'), coalesce(backoff_max::text, 'NULL')
            USING ERRCODE = '22023',
                HINT = 'backoff_base is the first delay, backoff_max the longest; neither is negative.';
    END IF;
    IF length(unique_key) NOT BETWEEN 1 AND 200 OR length(ordering_key) NOT BETWEEN 1 AND 200 THEN
        RAISE EXCEPTION 'a key of % characters is not valid', length(coalesce(unique_key, ordering_key))
            USING ERRCODE = '22023', HINT = 'unique_key and ordering_key have 1 to 200 characters, or are NULL.';
    END IF;
END $$;

CREATE FUNCTION __schema__.milliseconds(span interval) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ceil(extract(epoch FROM span) * 1000)::bigint;

-- Adds a row of work of any kind, and wakes the owner if it sleeps longer. Returns the ID of the row, or of the live
-- row that has the unique key already.
CREATE FUNCTION __schema__.add_work(
    kind text, topic text, payload jsonb, due_at timestamptz, unique_key text, ordering_key text, priority integer,
    max_attempts integer, correlation_id text, timeout interval, backoff_base interval, backoff_max interval,
    trace_context text, id bigint DEFAULT NULL
) RETURNS bigint LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    added bigint := coalesce(add_work.id, nextval('__schema__.work_id_seq'));
    due constant timestamptz := coalesce(add_work.due_at, now());
BEGIN
    PERFORM __schema__.check_work(
        topic, payload, priority, max_attempts, timeout, backoff_base, backoff_max, unique_key, ordering_key);
    IF unique_key IS NULL THEN
        INSERT INTO __schema__.work (
            id, due_at, backoff_base_ms, backoff_max_ms, timeout_ms, max_attempts, priority, kind, topic, payload,
            ordering_key, correlation_id, trace_context)
        VALUES (
            added, due, __schema__.milliseconds(backoff_base), __schema__.milliseconds(backoff_max),
            __schema__.milliseconds(timeout), max_attempts, priority, kind, topic, payload, ordering_key,
            correlation_id, trace_context);
    ELSE
        LOOP
            INSERT INTO __schema__.work (
                id, due_at, backoff_base_ms, backoff_max_ms, timeout_ms, max_attempts, priority, kind, topic, payload,
                unique_key, ordering_key, correlation_id, trace_context)
            VALUES (
                added, due, __schema__.milliseconds(backoff_base), __schema__.milliseconds(backoff_max),
                __schema__.milliseconds(timeout), max_attempts, priority, kind, topic, payload, unique_key,
                ordering_key, correlation_id, trace_context)
            ON CONFLICT (unique_key) WHERE unique_key IS NOT NULL DO NOTHING;
            EXIT WHEN FOUND;
            SELECT w.id INTO added FROM __schema__.work AS w WHERE w.unique_key = add_work.unique_key;
            IF FOUND THEN
                RETURN added;
            END IF;
            -- It ended in between.
            added := coalesce(add_work.id, nextval('__schema__.work_id_seq'));
        END LOOP;
    END IF;
    PERFORM __schema__.wake(due);
    RETURN added;
END $$;

-- Enqueues a message, due at once unless `due_at` says when. Returns its ID, which is also that of its run.
CREATE FUNCTION __schema__.enqueue(
    topic text, payload jsonb DEFAULT '{}', unique_key text DEFAULT NULL, ordering_key text DEFAULT NULL,
    priority integer DEFAULT 0, max_attempts integer DEFAULT 5, correlation_id text DEFAULT NULL,
    due_at timestamptz DEFAULT NULL, timeout interval DEFAULT NULL, backoff_base interval DEFAULT '250 milliseconds',
    backoff_max interval DEFAULT '60 seconds', trace_context text DEFAULT NULL
) RETURNS bigint LANGUAGE sql AS $$
    SELECT __schema__.add_work(
        'outbox', topic, payload, due_at, unique_key, ordering_key, priority, max_attempts, correlation_id, timeout,
        backoff_base, backoff_max, trace_context)
$$;

-- Takes in a message from outside, once for each source and message ID. Returns its ID, or NULL if it was seen before.
CREATE FUNCTION __schema__.receive(
    source text, message_id text, topic text, payload jsonb DEFAULT '{}', unique_key text DEFAULT NULL,
    ordering_key text DEFAULT NULL, priority integer DEFAULT 0, max_attempts integer DEFAULT 5,
    correlation_id text DEFAULT NULL, due_at timestamptz DEFAULT NULL, timeout interval DEFAULT NULL,
    backoff_base interval DEFAULT '250 milliseconds', backoff_max interval DEFAULT '60 seconds',
    trace_context text DEFAULT NULL
) RETURNS bigint LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    work bigint;
    added bigint;
BEGIN
    IF source IS NULL OR source = '' OR message_id IS NULL OR message_id = '' THEN
        RAISE EXCEPTION 'source and message_id must not be empty'
            USING ERRCODE = '22023', HINT = 'Together they tell a message from its repetition.';
    END IF;
    work := nextval('__schema__.work_id_seq');
    INSERT INTO __schema__.inbox (source, message_id, work_id) VALUES (source, message_id, work)
    ON CONFLICT (source, message_id) DO NOTHING;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    added := __schema__.add_work(
        'inbox', topic, payload, due_at, unique_key, ordering_key, priority, max_attempts, correlation_id, timeout,
        backoff_base, backoff_max, trace_context, work);
    IF added <> work THEN
        -- Work with the unique key was there already.
        UPDATE __schema__.inbox AS i SET work_id = added
        WHERE i.source = receive.source AND i.message_id = receive.message_id;
    END IF;
    RETURN added;
END $$;

-- Schedules one-shot work at an instant; one that has passed means now. Returns its ID.
CREATE FUNCTION __schema__.schedule_timer(
    topic text, due_at timestamptz, payload jsonb DEFAULT '{}', unique_key text DEFAULT NULL,
    ordering_key text DEFAULT NULL, priority integer DEFAULT 0, max_attempts integer DEFAULT 5,
    correlation_id text DEFAULT NULL, timeout interval DEFAULT NULL,
    backoff_base interval DEFAULT '250 milliseconds', backoff_max interval DEFAULT '60 seconds',
    trace_context text DEFAULT NULL
) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    IF due_at IS NULL OR NOT isfinite(due_at) THEN
        RAISE EXCEPTION 'due_at is %', coalesce(due_at::text, 'NULL')
            USING ERRCODE = '22023', HINT = 'Give an instant, such as now() + interval ''5 minutes''.';
    END IF;
    RETURN __schema__.add_work(
        'timer', topic, payload, due_at, unique_key, ordering_key, priority, max_attempts, correlation_id, timeout,
        backoff_base, backoff_max, trace_context);
END $$;

-- Whether a claim that stands names the ID.
CREATE FUNCTION __schema__.is_claimed(id bigint) RETURNS boolean LANGUAGE sql VOLATILE AS $$
    SELECT EXISTS (SELECT FROM __schema__.claims AS c WHERE id = ANY (c.ids))
$$;

-- Writes the history of a row that was deleted because it was cancelled, and releases its ordering key.
CREATE FUNCTION __schema__.note_cancelled(gone __schema__.work, reason text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO __schema__.runs (
        run_id, attempt, scheduled_for, due_at, finished_at, kind, topic, state, job_name, reason, correlation_id)
    VALUES (
        gone.id, gone.attempts, gone.scheduled_for, gone.due_at, clock_timestamp(), gone.kind, gone.topic, 'cancelled',
        gone.job_name, reason, gone.correlation_id);
    IF gone.ordering_key IS NOT NULL THEN
        PERFORM __schema__.release_keys(ARRAY[gone.ordering_key]);
    END IF;
END $$;

-- Cancels work that has not started. True if it will not run (unless this transaction is rolled back), false if it is
-- running, has ended, or does not exist.
--
-- The gate first: a claim that finds it taken locks its rows, and the others have committed. Then the deletion, then,
-- in a statement of its own, the look for a claim. The subtransaction gives the row's lock back at once if there is
-- one.
CREATE FUNCTION __schema__.cancel_work(id bigint, kinds text[], reason text) RETURNS boolean LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off
AS $$
#variable_conflict use_variable
DECLARE
    gone __schema__.work;
BEGIN
    PERFORM __schema__.assert_read_committed();
    PERFORM pg_advisory_xact_lock_shared(__schema__.cancel_gate());
    IF __schema__.is_claimed(id) THEN
        RETURN false;
    END IF;
    BEGIN
        DELETE FROM __schema__.work AS w WHERE w.id = cancel_work.id AND w.kind = ANY (kinds) RETURNING w.* INTO gone;
        IF gone.id IS NULL THEN
            RETURN false;
        END IF;
        IF __schema__.is_claimed(id) THEN
            RAISE EXCEPTION 'claimed' USING ERRCODE = 'TN006';
        END IF;
    EXCEPTION WHEN SQLSTATE 'TN006' THEN
        RETURN false;
    END;
    PERFORM __schema__.note_cancelled(gone, reason);
    RETURN true;
END $$;

-- Cancels a timer that has not started. False if it is running, has ended, or does not exist.
CREATE FUNCTION __schema__.cancel_timer(id bigint) RETURNS boolean LANGUAGE sql AS $$
    SELECT __schema__.cancel_work(id, '{timer}', 'cancelled')
$$;

-- Cancels work of any kind that has not started. False if it is running, has ended, or does not exist.
CREATE FUNCTION __schema__.cancel(id bigint) RETURNS boolean LANGUAGE sql AS $$
    SELECT __schema__.cancel_work(id, '{job,timer,outbox,inbox}', 'cancelled')
$$;

-- Cancels a run of any kind, also one in progress. Says `cancelled` if it has not started, and so will not run;
-- `requested` if it is running: its handler is told within a second, and it is not tried again; `ended` if it has; and
-- `unknown`.
--
-- The mark is not a lock: an attempt may end before the mark is committed. Whoever meets it then, be it a settlement, a
-- revocation, a claim or the owner's look, ends the run.
CREATE FUNCTION __schema__.cancel_run(id bigint) RETURNS text LANGUAGE plpgsql AS $$
#variable_conflict use_variable
BEGIN
    IF __schema__.cancel_work(id, '{job,timer,outbox,inbox}', 'cancelled') THEN
        RETURN 'cancelled';
    END IF;
    IF EXISTS (SELECT FROM __schema__.work AS w WHERE w.id = cancel_run.id) THEN
        INSERT INTO __schema__.cancellations (id) VALUES (id) ON CONFLICT ON CONSTRAINT cancellations_pkey DO NOTHING;
        PERFORM pg_notify(__schema__.wake_channel(), '');
        IF current_setting('server_version_num')::integer >= 150000 THEN
            PERFORM pg_stat_force_next_flush();
        END IF;
        RETURN 'requested';
    END IF;
    IF EXISTS (SELECT FROM __schema__.runs AS r WHERE r.run_id = cancel_run.id)
        OR EXISTS (SELECT FROM __schema__.dead_letters AS d WHERE d.id = cancel_run.id)
    THEN
        RETURN 'ended';
    END IF;
    RETURN 'unknown';
END $$;

-- Ends what was cancelled in progress and has come back unclaimed, and forgets what has ended. Returns the IDs that are
-- still in a claim. For the owner, under its epoch: nobody else claims meanwhile. Waits for no user.
CREATE FUNCTION __schema__.sweep_cancellations() RETURNS bigint[] LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off
AS $$
#variable_conflict use_variable
DECLARE
    mark bigint;
    gone __schema__.work;
    claimed bigint[] := '{}';
BEGIN
    FOR mark IN SELECT c.id FROM __schema__.cancellations AS c ORDER BY c.id FOR UPDATE SKIP LOCKED LOOP
        IF __schema__.is_claimed(mark) THEN
            claimed := claimed || mark;
            CONTINUE;
        END IF;
        SELECT w.* INTO gone FROM __schema__.work AS w WHERE w.id = mark FOR UPDATE SKIP LOCKED;
        IF FOUND THEN
            DELETE FROM __schema__.work AS w WHERE w.id = mark;
            PERFORM __schema__.note_cancelled(gone, 'cancelled');
        ELSIF EXISTS (SELECT FROM __schema__.work AS w WHERE w.id = mark) THEN
            CONTINUE;
        END IF;
        DELETE FROM __schema__.cancellations AS c WHERE c.id = mark;
    END LOOP;
    RETURN claimed;
END $$;

-- Puts a dead letter back to work, with its attempts and crashes forgotten. Returns its ID, which stays.
CREATE FUNCTION __schema__.retry_dead_letter(id bigint) RETURNS bigint LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off
AS $$
#variable_conflict use_variable
DECLARE
    dead __schema__.dead_letters;
BEGIN
    DELETE FROM __schema__.dead_letters AS d WHERE d.id = retry_dead_letter.id RETURNING d.* INTO dead;
    IF dead.id IS NULL THEN
        RAISE EXCEPTION 'there is no dead letter %', id
            USING ERRCODE = 'P0002', HINT = 'It may have been retried or discarded already.';
    END IF;
    IF EXISTS (SELECT FROM __schema__.work AS w WHERE w.unique_key = dead.unique_key) THEN
        RAISE EXCEPTION 'work with the unique key % is under way', quote_literal(dead.unique_key)
            USING ERRCODE = '23505', HINT = 'Discard the dead letter, or retry it when that work has ended.';
    END IF;
    INSERT INTO __schema__.work (
        id, due_at, created_at, scheduled_for, backoff_base_ms, backoff_max_ms, timeout_ms, max_attempts, priority,
        kind, topic, payload, job_name, unique_key, ordering_key, correlation_id, trace_context)
    VALUES (
        dead.id, now(), dead.created_at, dead.scheduled_for, dead.backoff_base_ms, dead.backoff_max_ms, dead.timeout_ms,
        dead.max_attempts, dead.priority, dead.kind, dead.topic, dead.payload, dead.job_name, dead.unique_key,
        dead.ordering_key, dead.correlation_id, dead.trace_context);
    INSERT INTO __schema__.changes (what, name) VALUES ('dead_letter.retried', id::text);
    PERFORM __schema__.wake(now());
    RETURN id;
END $$;

-- Deletes a dead letter; its history stays. False if there is none.
CREATE FUNCTION __schema__.discard_dead_letter(id bigint) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM __schema__.dead_letters AS d WHERE d.id = discard_dead_letter.id;
    IF FOUND THEN
        INSERT INTO __schema__.changes (what, name) VALUES ('dead_letter.discarded', id::text);
    END IF;
    RETURN FOUND;
END $$;
