-- What users call to enqueue work, in any language, inside their own transactions.

-- A duration such as 250ms, 2s, 5m, 1h or 1d, in milliseconds; NULL if the text is none.
CREATE FUNCTION __schema__.duration_ms(span text) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN span ~ '^[0-9]{1,9}(ms|s|m|h|d)$' THEN
    substring(span FROM '^[0-9]+')::bigint
        * CASE substring(span FROM '[a-z]+$') WHEN 'ms' THEN 1 WHEN 's' THEN 1000 WHEN 'm' THEN 60000
            WHEN 'h' THEN 3600000 ELSE 86400000 END
END;

-- Raises unless the text is a policy of delays between attempts: exponential(D), linear(D), fixed(D) or
-- delays(D, D, …), the first two with `, max D` if wanted, all with `, jitter none|full|equal`, the first one also with
-- `, jitter decorrelated`. NULL stands for the backoff between two bounds.
CREATE FUNCTION __schema__.check_retry(retry text) RETURNS void LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    kind constant text := substring(retry FROM '^([a-z]+)\(');
    clauses constant text[] := regexp_split_to_array(substring(retry FROM '\((.*)\)$'), ' *, *');
    clause text;
    delays bigint[] := '{}';
    longest bigint;
    jitter text;
    is_valid boolean := kind IN ('exponential', 'linear', 'fixed', 'delays') AND length(retry) <= 1000;
BEGIN
    IF retry IS NULL THEN
        RETURN;
    END IF;
    FOREACH clause IN ARRAY coalesce(clauses, '{}') LOOP
        IF clause ~ '^max ' THEN
            is_valid := is_valid AND longest IS NULL AND jitter IS NULL;
            longest := coalesce(__schema__.duration_ms(ltrim(substr(clause, 5))), -1);
        ELSIF clause ~ '^jitter ' THEN
            is_valid := is_valid AND jitter IS NULL;
            jitter := ltrim(substr(clause, 8));
        ELSE
            is_valid := is_valid AND longest IS NULL AND jitter IS NULL;
            delays := delays || coalesce(__schema__.duration_ms(clause), -1);
        END IF;
    END LOOP;
    is_valid := is_valid AND 0 <= ALL (delays) AND cardinality(delays) BETWEEN 1 AND 50
        AND (kind = 'delays' OR cardinality(delays) = 1)
        AND (longest IS NULL OR kind IN ('exponential', 'linear') AND longest >= delays[1])
        AND (jitter IS NULL OR jitter IN ('none', 'full', 'equal') OR jitter = 'decorrelated' AND kind = 'exponential');
    IF is_valid IS NOT TRUE THEN
        RAISE EXCEPTION 'the retry policy % is not valid', quote_literal(retry)
            USING ERRCODE = '22023',
                HINT = 'Use exponential(250ms, max 60s, jitter equal), linear(1s, max 5m), fixed(30s) or '
                    || 'delays(1s, 10s, 1m); jitter is none, full or equal, with exponential also decorrelated.';
    END IF;
END $$;

-- After which instant work that is due at another has no further attempt.
CREATE FUNCTION __schema__.retry_limit(due timestamptz, retry_for_ms bigint) RETURNS timestamptz LANGUAGE sql
RETURN CASE WHEN retry_for_ms IS NOT NULL THEN
    greatest(due, clock_timestamp()) + retry_for_ms * interval '1 millisecond'
END;

-- Checks the arguments that all kinds of work have in common. Text limits bound the rows that an owner reads in one
-- batch.
CREATE FUNCTION __schema__.check_work(
    topic text, payload jsonb, priority integer, max_attempts integer, timeout interval, backoff_base interval,
    backoff_max interval, unique_key text, ordering_key text, retry text DEFAULT NULL, retry_for interval DEFAULT NULL,
    limit_key text DEFAULT NULL
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
    IF retry IS NOT NULL THEN
        PERFORM __schema__.check_retry(retry);
    END IF;
    IF retry_for < interval '1 millisecond' THEN
        RAISE EXCEPTION 'retry_for % is not positive', retry_for
            USING ERRCODE = '22023', HINT = 'Use an interval such as ''1 day'', or NULL for no limit of time.';
    END IF;
    IF length(unique_key) NOT BETWEEN 1 AND 200 OR length(ordering_key) NOT BETWEEN 1 AND 200
        OR length(limit_key) NOT BETWEEN 1 AND 200
    THEN
        RAISE EXCEPTION 'a key of % characters is not valid', (
            SELECT max(length(k)) FROM unnest(ARRAY[unique_key, ordering_key, limit_key]) AS k)
            USING ERRCODE = '22023',
                HINT = 'unique_key, ordering_key and limit_key have 1 to 200 characters, or are NULL.';
    END IF;
    IF strpos(unique_key, E'\x1f') > 0 THEN
        RAISE EXCEPTION 'the unique key % holds a unit separator', quote_literal(unique_key)
            USING ERRCODE = '22023', HINT = 'Leave control characters out.';
    END IF;
END $$;

CREATE FUNCTION __schema__.milliseconds(span interval) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ceil(extract(epoch FROM span) * 1000)::bigint;

-- Whether a claim that stands names the ID.
CREATE FUNCTION __schema__.is_claimed(id bigint) RETURNS boolean LANGUAGE sql VOLATILE AS $$
    SELECT EXISTS (SELECT FROM __schema__.claims AS c WHERE id = ANY (c.ids))
$$;

-- Work with a unique key that is still to do or runs, the running ones last: at most one waits, unless a running one
-- came back to wait beside a newer one.
CREATE FUNCTION __schema__.of_unique_key(unique_key text) RETURNS TABLE (id bigint, runs boolean) LANGUAGE sql VOLATILE
AS $$
    SELECT k.id, __schema__.is_claimed(k.id) AS runs
    FROM (
        SELECT w.id FROM __schema__.work AS w WHERE w.unique_key = of_unique_key.unique_key
        UNION ALL
        SELECT w.id FROM __schema__.work AS w
        WHERE strpos(w.unique_key, E'\x1f') > 0 AND split_part(w.unique_key, E'\x1f', 1) = of_unique_key.unique_key
    ) AS k
    ORDER BY runs, k.id DESC
$$;

-- Decides about new work with a unique key: `present` is the work that stands in its way, NULL if none does, and then
-- `stored` is the key for its row.
--
-- Whoever asks for more than the default takes turns with others who do, so that what is found here stays so until
-- their commit, but for the start of what waits and the end of what runs.
CREATE FUNCTION __schema__.claim_unique_key(
    unique_key text, on_conflict text, unique_states text, unique_for interval, added bigint, OUT present bigint,
    OUT stored text
) LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off
AS $$
#variable_conflict use_variable
DECLARE
    live record;
BEGIN
    PERFORM __schema__.assert_read_committed();
    PERFORM pg_advisory_xact_lock(hashtextextended('tenure __schema__ unique ' || unique_key, 0));
    LOOP
        stored := unique_key;
        present := NULL;
        SELECT u.id, u.runs INTO live FROM __schema__.of_unique_key(unique_key) AS u LIMIT 1;
        IF live.id IS NULL THEN
            SELECT k.work_id INTO present FROM __schema__.unique_keys AS k
            WHERE unique_for IS NOT NULL AND k.unique_key = claim_unique_key.unique_key AND k.until > now();
            EXIT;
        END IF;
        IF live.runs AND unique_states = 'waiting' THEN
            stored := unique_key || E'\x1f' || added;
            EXIT;
        END IF;
        present := live.id;
        EXIT WHEN live.runs OR on_conflict <> 'replace';
        -- It may have started, or ended, in between: then it is to be looked at again.
        PERFORM __schema__.cancel_work(live.id, '{job,timer,outbox,inbox}', 'replaced');
    END LOOP;
    IF present IS NOT NULL AND on_conflict = 'error' THEN
        RAISE EXCEPTION 'there is work with the unique key % already: %', quote_literal(unique_key), present
            USING ERRCODE = '23505', HINT = 'Leave on_conflict out to get the ID of that work instead.';
    END IF;
END $$;

-- Adds a row of work of any kind, and wakes the owner if it sleeps longer. Returns the ID of the row, or of the work
-- that has the unique key already.
CREATE FUNCTION __schema__.add_work(
    kind text, topic text, payload jsonb, due_at timestamptz, unique_key text, ordering_key text, priority integer,
    max_attempts integer, correlation_id text, timeout interval, backoff_base interval, backoff_max interval,
    trace_context text, id bigint DEFAULT NULL, retry text DEFAULT NULL, retry_for interval DEFAULT NULL,
    limit_key text DEFAULT NULL, on_conflict text DEFAULT 'ignore', unique_states text DEFAULT 'live',
    unique_for interval DEFAULT NULL
) RETURNS bigint LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    added bigint := coalesce(add_work.id, nextval('__schema__.work_id_seq'));
    due constant timestamptz := coalesce(add_work.due_at, now());
    retry_ms constant bigint := __schema__.milliseconds(retry_for);
    is_plain constant boolean := on_conflict = 'ignore' AND unique_states = 'live' AND unique_for IS NULL;
    stored text := unique_key;
    present bigint;
BEGIN
    PERFORM __schema__.check_work(
        topic, payload, priority, max_attempts, timeout, backoff_base, backoff_max, unique_key, ordering_key, retry,
        retry_for, limit_key);
    IF is_plain IS NOT TRUE THEN
        PERFORM __schema__.check_unique(unique_key, on_conflict, unique_states, unique_for);
    END IF;
    IF unique_key IS NULL THEN
        INSERT INTO __schema__.work (
            id, due_at, backoff_base_ms, backoff_max_ms, timeout_ms, retry_until, retry_for_ms, max_attempts, priority,
            kind, topic, payload, ordering_key, correlation_id, trace_context, retry, limit_key)
        VALUES (
            added, due, __schema__.milliseconds(backoff_base), __schema__.milliseconds(backoff_max),
            __schema__.milliseconds(timeout), __schema__.retry_limit(due, retry_ms), retry_ms, max_attempts, priority,
            kind, topic, payload, ordering_key, correlation_id, trace_context, retry, limit_key);
    ELSE
        LOOP
            IF is_plain THEN
                SELECT w.id INTO present FROM __schema__.work AS w
                WHERE strpos(w.unique_key, E'\x1f') > 0 AND split_part(w.unique_key, E'\x1f', 1) = add_work.unique_key
                LIMIT 1;
            ELSE
                SELECT u.present, u.stored INTO present, stored
                FROM __schema__.claim_unique_key(unique_key, on_conflict, unique_states, unique_for, added) AS u;
            END IF;
            IF present IS NOT NULL THEN
                RETURN present;
            END IF;
            INSERT INTO __schema__.work (
                id, due_at, backoff_base_ms, backoff_max_ms, timeout_ms, retry_until, retry_for_ms, max_attempts,
                priority, kind, topic, payload, unique_key, ordering_key, correlation_id, trace_context, retry,
                limit_key)
            VALUES (
                added, due, __schema__.milliseconds(backoff_base), __schema__.milliseconds(backoff_max),
                __schema__.milliseconds(timeout), __schema__.retry_limit(due, retry_ms), retry_ms, max_attempts,
                priority, kind, topic, payload, stored, ordering_key, correlation_id, trace_context, retry, limit_key)
            ON CONFLICT (unique_key) WHERE unique_key IS NOT NULL DO NOTHING;
            EXIT WHEN FOUND;
            IF is_plain THEN
                SELECT w.id INTO present FROM __schema__.work AS w WHERE w.unique_key = add_work.unique_key;
                IF FOUND THEN
                    RETURN present;
                END IF;
            END IF;
            -- It ended, or came, in between.
            added := coalesce(add_work.id, nextval('__schema__.work_id_seq'));
        END LOOP;
    END IF;
    IF unique_for IS NOT NULL THEN
        DELETE FROM __schema__.unique_keys AS k WHERE k.unique_key IN (
            SELECT o.unique_key FROM __schema__.unique_keys AS o WHERE o.until <= now()
            ORDER BY o.until LIMIT 10 FOR UPDATE SKIP LOCKED);
        INSERT INTO __schema__.unique_keys AS k (unique_key, work_id, until)
        VALUES (unique_key, added, now() + unique_for)
        ON CONFLICT (unique_key) DO UPDATE SET work_id = excluded.work_id, until = excluded.until;
    END IF;
    PERFORM __schema__.wake(due);
    RETURN added;
END $$;

-- Raises unless what is said about a unique key makes sense.
CREATE FUNCTION __schema__.check_unique(
    unique_key text, on_conflict text, unique_states text, unique_for interval
) RETURNS void LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF unique_key IS NULL THEN
        RAISE EXCEPTION 'on_conflict, unique_states and unique_for need a unique_key' USING ERRCODE = '22023',
            HINT = 'Give unique_key => ''invoice-7'', or leave them out.';
    END IF;
    IF on_conflict IS NULL OR on_conflict NOT IN ('ignore', 'replace', 'error') THEN
        RAISE EXCEPTION 'on_conflict % is unknown', coalesce(quote_literal(on_conflict), 'NULL')
            USING ERRCODE = '22023', HINT = 'Use ignore (the default), replace or error.';
    END IF;
    IF unique_states IS NULL OR unique_states NOT IN ('waiting', 'live') THEN
        RAISE EXCEPTION 'unique_states % is unknown', coalesce(quote_literal(unique_states), 'NULL')
            USING ERRCODE = '22023', HINT = 'Use waiting, or live (the default): waiting or running.';
    END IF;
    IF unique_for <= interval '0' OR unique_for IS NOT NULL AND unique_states = 'waiting' THEN
        RAISE EXCEPTION 'unique_for % is not valid with unique_states %', unique_for, unique_states
            USING ERRCODE = '22023',
                HINT = 'It is a positive interval, for work that waits, runs or has ended: leave unique_states out.';
    END IF;
END $$;

-- Enqueues a message, due at once unless `due_at` says when. Returns its ID, which is also that of its run.
CREATE FUNCTION __schema__.enqueue(
    topic text, payload jsonb DEFAULT '{}', unique_key text DEFAULT NULL, ordering_key text DEFAULT NULL,
    priority integer DEFAULT 0, max_attempts integer DEFAULT 5, correlation_id text DEFAULT NULL,
    due_at timestamptz DEFAULT NULL, timeout interval DEFAULT NULL, backoff_base interval DEFAULT '250 milliseconds',
    backoff_max interval DEFAULT '60 seconds', trace_context text DEFAULT NULL, retry text DEFAULT NULL,
    retry_for interval DEFAULT NULL, limit_key text DEFAULT NULL, on_conflict text DEFAULT 'ignore',
    unique_states text DEFAULT 'live', unique_for interval DEFAULT NULL
) RETURNS bigint LANGUAGE sql AS $$
    SELECT __schema__.add_work(
        'outbox', topic, payload, due_at, unique_key, ordering_key, priority, max_attempts, correlation_id, timeout,
        backoff_base, backoff_max, trace_context, NULL, retry, retry_for, limit_key, on_conflict, unique_states,
        unique_for)
$$;

-- Held shared by transactions that receive; the inbox turns while it is held exclusively.
CREATE FUNCTION __schema__.inbox_gate() RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN hashtextextended('tenure __schema__ inbox', 0);

-- Remembers a message, unless it is remembered already. Whether it was new.
--
-- Of two transactions that receive the same message at once, the index of the newest partition lets one through. That
-- holds because the ring turns only while nobody receives: the gate comes first, the reading in a second statement, and
-- what the older partitions hold has then committed. A transaction whose snapshot is older than the last turn would see
-- neither: locking the row of the ring makes it fail as one that cannot be serialised.
CREATE FUNCTION __schema__.remember_message(
    source text, message_id text, work_id bigint, payload_hash bytea
) RETURNS boolean LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
    newest smallint;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(__schema__.inbox_gate());
    IF current_setting('transaction_isolation') IN ('repeatable read', 'serializable') THEN
        SELECT r.newest INTO newest FROM __schema__.inbox_ring AS r FOR SHARE;
    ELSE
        SELECT r.newest INTO newest FROM __schema__.inbox_ring AS r;
    END IF;
    CASE newest
    WHEN 0 THEN
        IF EXISTS (SELECT FROM __schema__.inbox_1 AS i WHERE i.source = source AND i.message_id = message_id)
            OR EXISTS (SELECT FROM __schema__.inbox_2 AS i WHERE i.source = source AND i.message_id = message_id)
        THEN
            RETURN false;
        END IF;
        INSERT INTO __schema__.inbox_0 VALUES (0, source, message_id, work_id, payload_hash) ON CONFLICT DO NOTHING;
    WHEN 1 THEN
        IF EXISTS (SELECT FROM __schema__.inbox_2 AS i WHERE i.source = source AND i.message_id = message_id)
            OR EXISTS (SELECT FROM __schema__.inbox_0 AS i WHERE i.source = source AND i.message_id = message_id)
        THEN
            RETURN false;
        END IF;
        INSERT INTO __schema__.inbox_1 VALUES (1, source, message_id, work_id, payload_hash) ON CONFLICT DO NOTHING;
    WHEN 2 THEN
        IF EXISTS (SELECT FROM __schema__.inbox_0 AS i WHERE i.source = source AND i.message_id = message_id)
            OR EXISTS (SELECT FROM __schema__.inbox_1 AS i WHERE i.source = source AND i.message_id = message_id)
        THEN
            RETURN false;
        END IF;
        INSERT INTO __schema__.inbox_2 VALUES (2, source, message_id, work_id, payload_hash) ON CONFLICT DO NOTHING;
    END CASE;
    RETURN FOUND;
END $$;

-- Takes in a message from outside, once for each source and message ID. Returns its ID, or NULL if it was seen before.
--
-- A source that gives one ID to two messages would lose the second one silently: so a repetition with another payload
-- is an error, unless `if_changed` is `ignore`.
CREATE FUNCTION __schema__.receive(
    source text, message_id text, topic text, payload jsonb DEFAULT '{}', unique_key text DEFAULT NULL,
    ordering_key text DEFAULT NULL, priority integer DEFAULT 0, max_attempts integer DEFAULT 5,
    correlation_id text DEFAULT NULL, due_at timestamptz DEFAULT NULL, timeout interval DEFAULT NULL,
    backoff_base interval DEFAULT '250 milliseconds', backoff_max interval DEFAULT '60 seconds',
    trace_context text DEFAULT NULL, retry text DEFAULT NULL, retry_for interval DEFAULT NULL,
    limit_key text DEFAULT NULL, on_conflict text DEFAULT 'ignore', unique_states text DEFAULT 'live',
    unique_for interval DEFAULT NULL, if_changed text DEFAULT 'error'
) RETURNS bigint LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    work bigint;
    added bigint;
    -- jsonb writes equal values equally. NULL is refused below.
    hash constant bytea := sha256(convert_to(coalesce(payload, 'null')::text, 'UTF8'));
BEGIN
    IF if_changed IS NULL OR if_changed NOT IN ('error', 'ignore') THEN
        RAISE EXCEPTION 'if_changed is %', coalesce(quote_literal(if_changed), 'NULL')
            USING ERRCODE = '22023', HINT = 'Use error or ignore: what happens to a known message with a new payload.';
    END IF;
    IF source IS NULL OR source = '' OR message_id IS NULL OR message_id = '' THEN
        RAISE EXCEPTION 'source and message_id must not be empty'
            USING ERRCODE = '22023', HINT = 'Together they tell a message from its repetition.';
    END IF;
    work := nextval('__schema__.work_id_seq');
    IF NOT __schema__.remember_message(source, message_id, work, hash) THEN
        IF if_changed = 'error' AND EXISTS (
            SELECT FROM __schema__.inbox AS i
            WHERE i.source = receive.source AND i.message_id = receive.message_id AND i.payload_hash <> hash)
        THEN
            RAISE EXCEPTION 'message % of source % was received before with another payload',
                quote_literal(message_id), quote_literal(source)
                USING ERRCODE = '23505',
                    HINT = 'Give each message an ID of its own, or pass if_changed => ''ignore'' to keep the first.';
        END IF;
        RETURN NULL;
    END IF;
    added := __schema__.add_work(
        'inbox', topic, payload, due_at, unique_key, ordering_key, priority, max_attempts, correlation_id, timeout,
        backoff_base, backoff_max, trace_context, work, retry, retry_for, limit_key, on_conflict, unique_states,
        unique_for);
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
    trace_context text DEFAULT NULL, retry text DEFAULT NULL, retry_for interval DEFAULT NULL,
    limit_key text DEFAULT NULL, on_conflict text DEFAULT 'ignore', unique_states text DEFAULT 'live',
    unique_for interval DEFAULT NULL
) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    IF due_at IS NULL OR NOT isfinite(due_at) THEN
        RAISE EXCEPTION 'due_at is %', coalesce(due_at::text, 'NULL')
            USING ERRCODE = '22023', HINT = 'Give an instant, such as now() + interval ''5 minutes''.';
    END IF;
    RETURN __schema__.add_work(
        'timer', topic, payload, due_at, unique_key, ordering_key, priority, max_attempts, correlation_id, timeout,
        backoff_base, backoff_max, trace_context, NULL, retry, retry_for, limit_key, on_conflict, unique_states,
        unique_for);
END $$;

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
    IF gone.group_id IS NOT NULL THEN
        INSERT INTO __schema__.group_marks (group_id, what) VALUES (gone.group_id, 'member cancelled');
        PERFORM __schema__.wake('-infinity');
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
    cause text;
    gone __schema__.work;
    claimed bigint[] := '{}';
BEGIN
    FOR mark, cause IN
        SELECT c.id, c.reason FROM __schema__.cancellations AS c ORDER BY c.id FOR UPDATE SKIP LOCKED
    LOOP
        IF __schema__.is_claimed(mark) THEN
            claimed := claimed || mark;
            CONTINUE;
        END IF;
        SELECT w.* INTO gone FROM __schema__.work AS w WHERE w.id = mark FOR UPDATE SKIP LOCKED;
        IF FOUND THEN
            DELETE FROM __schema__.work AS w WHERE w.id = mark;
            PERFORM __schema__.note_cancelled(gone, cause);
        ELSIF EXISTS (SELECT FROM __schema__.work AS w WHERE w.id = mark) THEN
            CONTINUE;
        END IF;
        DELETE FROM __schema__.cancellations AS c WHERE c.id = mark;
    END LOOP;
    RETURN claimed;
END $$;
