-- Claiming, settling and revoking.
--
-- A claim is one row for a whole batch; the rows of `work` are not touched. What keeps two parties off a row: the owner
-- is the only one who claims (fence), it knows what it has in flight, IDs lent to an earlier owner are left out here,
-- and a user's cancellation excludes a claim through the cancel gate or, while a canceller holds that, through the
-- row's lock.
--
-- Planner settings: these tables empty and fill all the time, so their statistics are always wrong, and a plan that was
-- made for an empty table stays when it has filled. So every query here leaves the planner one choice: rows of `work`
-- by ID through the primary key, and hashes to join what was read with the arrays. Scans that are switched off cost
-- much on paper, hence no JIT.

-- Notifies the owner of something due at an instant, if it sleeps longer. To be called after the row was written.
--
-- The gate first, then the read in a second statement. Held until the commit, it tells the owner that an enqueue is
-- under way.
CREATE FUNCTION __schema__.wake(due timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    sleep timestamptz;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(__schema__.wake_gate());
    SELECT w.sleep_until INTO sleep FROM __schema__.wakeup AS w;
    -- Other isolation levels read an old snapshot here, and so do not know.
    IF due < sleep OR current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
        PERFORM pg_notify(__schema__.wake_channel(), '');
    END IF;
    -- Makes tup_inserted of pg_stat_database move at once also for a session that stays busy (since Postgres 15).
    IF current_setting('server_version_num')::integer >= 150000 THEN
        PERFORM pg_stat_force_next_flush();
    END IF;
END $$;

-- Claims what is about to start: those of the IDs that are still there and runnable. Repeating a batch gives the same
-- answer.
--
-- Left out are IDs that a cancellation under way has locked (if it is rolled back, they are still to be done), IDs that
-- are lent to an earlier owner, and of each ordering key everything but the head, and also that while the key is in
-- some claim. O(n) index probes for n IDs.
CREATE FUNCTION __schema__.claim(
    epoch bigint, batch uuid, node text, incarnation text, ids bigint[], lone boolean
) RETURNS bigint[]
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET jit = off SET max_parallel_workers_per_gather = 0 SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_variable
DECLARE
    candidates bigint[] := ids;
    claimed bigint[];
    keys text[];
    lent_ids bigint[];
    held_keys text[];
BEGIN
    PERFORM __schema__.assert_epoch(epoch);
    -- While this lasts no cancellation is under way, and one that starts waits for our commit and then looks for our
    -- claim.
    IF NOT pg_try_advisory_xact_lock(__schema__.cancel_gate()) THEN
        -- One is. A canceller that holds a row is passed by, one that comes later waits for our commit.
        candidates := ARRAY(
            SELECT w.id FROM __schema__.work AS w WHERE w.id = ANY (ids) ORDER BY w.id FOR UPDATE SKIP LOCKED);
    END IF;
    IF EXISTS (SELECT FROM __schema__.cancellations) THEN
        -- Cancelled while they ran before; the look after this ends them.
        candidates := ARRAY(SELECT unnest(candidates) EXCEPT SELECT c.id FROM __schema__.cancellations AS c);
    END IF;
    SELECT array_agg(l.id) INTO lent_ids
    FROM __schema__.claims AS c CROSS JOIN LATERAL unnest(c.ids) AS l (id) WHERE c.lent_until IS NOT NULL;
    SELECT coalesce(array_agg(k.key), '{}') INTO held_keys
    FROM __schema__.claims AS c CROSS JOIN LATERAL unnest(c.keys) AS k (key) WHERE c.keys <> '{}';

    SELECT array_agg(w.id ORDER BY w.id), array_agg(w.ordering_key) FILTER (WHERE w.ordering_key IS NOT NULL)
    INTO claimed, keys
    FROM __schema__.work AS w
    WHERE w.id = ANY (candidates)
        AND (lent_ids IS NULL OR w.id <> ALL (lent_ids))
        AND (w.ordering_key IS NULL OR w.ordering_key <> ALL (held_keys) AND NOT EXISTS (
            SELECT FROM __schema__.work AS head
            WHERE head.ordering_key = w.ordering_key AND head.id + 0 < w.id + 0));
    IF claimed IS NOT NULL THEN
        INSERT INTO __schema__.claims (batch, node, incarnation, epoch, lone, ids, keys)
        VALUES (batch, node, incarnation, epoch, lone, claimed, coalesce(keys, '{}'))
        ON CONFLICT ON CONSTRAINT claims_pkey DO NOTHING;
        IF FOUND THEN
            RETURN claimed;
        END IF;
    END IF;
    RETURN coalesce(
        (SELECT c.ids FROM __schema__.claims AS c WHERE c.batch = claim.batch AND c.incarnation = claim.incarnation),
        '{}');
END $$;

-- Takes settled IDs out of a claim; the row goes when none is left. Raises unless the claim stands and names them all.
CREATE FUNCTION __schema__.take_from_claim(
    batch uuid, ids bigint[], OUT node text, OUT epoch bigint
) LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
    held __schema__.claims;
    rest bigint[];
BEGIN
    -- The usual case: a whole batch at once.
    DELETE FROM __schema__.claims AS c
    WHERE c.batch = take_from_claim.batch AND c.ids = take_from_claim.ids
    RETURNING c.node, c.epoch INTO node, epoch;
    IF FOUND THEN
        RETURN;
    END IF;
    SELECT c.* INTO held FROM __schema__.claims AS c WHERE c.batch = take_from_claim.batch FOR UPDATE;
    rest := ARRAY(SELECT unnest(held.ids) EXCEPT SELECT unnest(ids) ORDER BY 1);
    IF held.batch IS NULL OR cardinality(rest) + cardinality(ids) <> cardinality(held.ids) THEN
        RAISE EXCEPTION 'claim % does not stand', batch USING ERRCODE = 'TN002';
    END IF;
    IF cardinality(rest) = 0 THEN
        DELETE FROM __schema__.claims AS c WHERE c.batch = take_from_claim.batch;
    ELSIF cardinality(held.keys) = 0 THEN
        UPDATE __schema__.claims AS c SET ids = rest WHERE c.batch = take_from_claim.batch;
    ELSE
        UPDATE __schema__.claims AS c
        SET ids = rest,
            keys = ARRAY(
                SELECT w.ordering_key FROM __schema__.work AS w
                WHERE w.id = ANY (rest) AND w.ordering_key IS NOT NULL)
        WHERE c.batch = take_from_claim.batch;
    END IF;
    node := held.node;
    epoch := held.epoch;
END $$;

-- Lets the next heads of ordering keys go, for the next scan to find.
CREATE FUNCTION __schema__.release_keys(keys text[]) RETURNS void LANGUAGE plpgsql AS $$
#variable_conflict use_variable
BEGIN
    INSERT INTO __schema__.released (keys) VALUES (keys);
    PERFORM __schema__.wake('-infinity');
END $$;

-- The errors of work with one more: at most 20, the first and the newest 19.
CREATE FUNCTION __schema__.with_error(errors jsonb, entry jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_array_length(errors) >= 20 THEN errors - 1 ELSE coalesce(errors, '[]') END
    || jsonb_strip_nulls(entry);

-- The errors of work with instants in microseconds since 1970, for programs; NULL for none.
CREATE FUNCTION __schema__.errors_in_microseconds(errors jsonb) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
RETURN (
    SELECT jsonb_agg(
        e.entry || jsonb_build_object('at', (extract(epoch FROM (e.entry ->> 'at')::timestamptz) * 1000000)::bigint)
        ORDER BY e.place)::text
    FROM jsonb_array_elements(errors) WITH ORDINALITY AS e (entry, place));

-- Settles runs of one claim that all completed: the rows go, history stays. Raises unless the claim stands.
--
-- The arrays run in parallel, ordered by ID. History comes only from the rows that the delete returned. With `strict`,
-- for a completion inside a handler's transaction, raises unless every row was there.
CREATE FUNCTION __schema__.settle_completed(
    batch uuid, ids bigint[], started timestamptz[], finished timestamptz[], strict boolean DEFAULT false
) RETURNS integer LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_nestloop = off SET enable_mergejoin = off
SET jit = off SET max_parallel_workers_per_gather = 0 SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_variable
DECLARE
    claim record;
    keys text[];
    groups bigint[];
    count integer;
    latest constant timestamptz := clock_timestamp();
    earliest constant timestamptz := latest - interval '1 day';
BEGIN
    claim := __schema__.take_from_claim(batch, ids);
    IF EXISTS (SELECT FROM __schema__.cancellations) THEN
        DELETE FROM __schema__.cancellations AS c WHERE c.id = ANY (ids);
    END IF;
    IF EXISTS (SELECT FROM __schema__.progress) THEN
        -- Of an earlier attempt: this one reported none.
        DELETE FROM __schema__.progress AS p WHERE p.run_id = ANY (ids);
    END IF;
    -- Tenants without groups pay for one look, and not for each row.
    IF EXISTS (SELECT FROM __schema__.groups AS g WHERE g.state = 'open') THEN
        SELECT array_agg(w.group_id) INTO groups
        FROM __schema__.work AS w WHERE w.id = ANY (ids) AND w.group_id + 0 IS NOT NULL;
    END IF;
    WITH gone AS (
        DELETE FROM __schema__.work AS w WHERE w.id = ANY (ids)
        RETURNING w.id, w.attempts, w.scheduled_for, w.due_at, w.kind, w.topic, w.job_name, w.correlation_id,
            w.ordering_key
    ), history AS (
        INSERT INTO __schema__.runs (
            run_id, attempt, epoch, scheduled_for, due_at, started_at, finished_at, kind, topic, state, node, job_name,
            correlation_id)
        SELECT g.id, g.attempts + 1, claim.epoch, g.scheduled_for, g.due_at, o.started_at,
            greatest(least(o.finished_at, latest), earliest), g.kind, g.topic, 'completed', claim.node, g.job_name,
            g.correlation_id
        FROM gone AS g
        JOIN unnest(ids, started, finished) AS o (id, started_at, finished_at) ON o.id = g.id
    )
    SELECT count(*), array_agg(DISTINCT g.ordering_key) FILTER (WHERE g.ordering_key IS NOT NULL)
    INTO count, keys FROM gone AS g;
    IF strict AND count <> cardinality(ids) THEN
        RAISE EXCEPTION '% of % rows were there to complete', count, cardinality(ids) USING ERRCODE = 'TN004';
    END IF;
    IF groups IS NOT NULL THEN
        PERFORM __schema__.end_members(groups, array_fill('completed'::text, ARRAY[cardinality(groups)]));
    END IF;
    IF keys IS NOT NULL THEN
        PERFORM __schema__.release_keys(keys);
    END IF;
    RETURN count;
END $$;

-- Settles runs of one claim with any outcomes. Raises unless the claim stands.
--
-- The arrays run in parallel, ordered by ID. States: completed, retryable (an attempt counted, due after the delay),
-- discarded (to the dead letters), cancelled, snoozed (due after the delay, no attempt counted), interrupted (the
-- attempt given back, due as before). A run that a user cancelled has no further attempt: where it would be kept, it is
-- cancelled. `outputs` is what attempts returned, `progress` how far they said that they were; either may be NULL.
CREATE FUNCTION __schema__.settle(
    batch uuid, ids bigint[], states text[], started timestamptz[], finished timestamptz[], delays_us bigint[],
    reasons text[], errors text[], outputs jsonb[] DEFAULT NULL, progress jsonb[] DEFAULT NULL
) RETURNS integer LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_nestloop = off SET enable_mergejoin = off
SET jit = off SET max_parallel_workers_per_gather = 0 SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_variable
DECLARE
    claim record;
    ended_ids bigint[];
    kept_ids bigint[];
    keys text[];
    groups bigint[];
    group_states text[];
    earliest_due timestamptz;
    count integer;
    latest constant timestamptz := clock_timestamp();
    earliest constant timestamptz := latest - interval '1 day';
BEGIN
    claim := __schema__.take_from_claim(batch, ids);
    IF EXISTS (SELECT FROM __schema__.cancellations) THEN
        WITH marked AS (
            DELETE FROM __schema__.cancellations AS c WHERE c.id = ANY (ids) RETURNING c.id, c.reason
        )
        SELECT array_agg(
            CASE WHEN m.id IS NOT NULL AND o.state IN ('retryable', 'snoozed', 'interrupted') THEN 'cancelled'
            ELSE o.state END ORDER BY o.place),
            -- The next occurrence of its job ended it: that is said where a user's wish needs no words.
            array_agg(
                CASE WHEN m.reason = 'overlap' AND o.state NOT IN ('completed', 'discarded') THEN m.reason
                ELSE o.reason END ORDER BY o.place)
        INTO states, reasons
        FROM unnest(ids, states, reasons) WITH ORDINALITY AS o (id, state, reason, place)
        LEFT JOIN marked AS m ON m.id = o.id;
    END IF;
    SELECT array_agg(o.id) FILTER (WHERE o.state IN ('completed', 'discarded', 'cancelled')),
        array_agg(o.id) FILTER (WHERE o.state IN ('retryable', 'snoozed', 'interrupted'))
    INTO ended_ids, kept_ids FROM unnest(ids, states) AS o (id, state);
    WITH outcome AS MATERIALIZED (
        SELECT o.id, o.state, o.started_at, greatest(least(o.finished_at, latest), earliest) AS finished_at, o.reason,
            left(o.error, 2048) AS error, latest + coalesce(o.delay_us, 0) * interval '1 microsecond' AS next_due,
            o.output, o.progress
        FROM unnest(ids, states, started, finished, delays_us, reasons, errors, outputs, progress)
            AS o (id, state, started_at, finished_at, delay_us, reason, error, output, progress)
    ), gone AS (
        DELETE FROM __schema__.work AS w USING outcome AS o
        WHERE w.id = ANY (ended_ids) AND o.id = w.id
        RETURNING w.*, o.state, o.started_at, o.finished_at, o.reason, o.error, o.output, o.progress
    ), kept AS (
        UPDATE __schema__.work AS w
        SET attempts = w.attempts + CASE WHEN o.state = 'retryable' THEN 1 ELSE 0 END,
            due_at = CASE WHEN o.state = 'interrupted' THEN w.due_at ELSE o.next_due END,
            suspect = w.suspect AND o.state = 'interrupted',
            errors = CASE WHEN o.state = 'retryable' THEN __schema__.with_error(w.errors, jsonb_build_object(
                'attempt', w.attempts + 1, 'at', o.finished_at, 'node', claim.node, 'epoch', claim.epoch,
                'state', o.state, 'error', o.error)) ELSE w.errors END,
            xid = pg_current_xact_id()
        FROM outcome AS o
        WHERE w.id = ANY (kept_ids) AND o.id = w.id
        RETURNING w.id, w.attempts + CASE WHEN o.state = 'retryable' THEN 0 ELSE 1 END AS attempt, w.scheduled_for,
            w.due_at, w.kind, w.topic, w.job_name, w.correlation_id, w.ordering_key,
            o.state, o.started_at, o.finished_at, o.reason, o.error, o.output, o.progress
    ), dead AS (
        INSERT INTO __schema__.dead_letters (
            id, failed_at, reason, error, node, epoch, due_at, created_at, scheduled_for, backoff_base_ms,
            backoff_max_ms, timeout_ms, attempts, max_attempts, priority, crashes, kind, topic, payload, job_name,
            unique_key, ordering_key, correlation_id, trace_context, retry, retry_for_ms, limit_key, errors)
        SELECT g.id, g.finished_at, g.reason, g.error, claim.node, claim.epoch, g.due_at, g.created_at,
            g.scheduled_for, g.backoff_base_ms, g.backoff_max_ms, g.timeout_ms, g.attempts + 1, g.max_attempts,
            g.priority, g.crashes, g.kind, g.topic, g.payload, g.job_name, g.unique_key, g.ordering_key,
            g.correlation_id, g.trace_context, g.retry, g.retry_for_ms, g.limit_key,
            __schema__.with_error(g.errors, jsonb_build_object(
                'attempt', g.attempts + 1, 'at', g.finished_at, 'node', claim.node, 'epoch', claim.epoch,
                'state', g.state, 'reason', g.reason, 'error', g.error))
        FROM gone AS g WHERE g.state = 'discarded'
    ), ended AS (
        SELECT g.id, g.attempts + 1 AS attempt, g.scheduled_for, g.due_at, g.kind, g.topic, g.job_name,
            g.correlation_id, g.ordering_key, g.state, g.started_at, g.finished_at, g.reason, g.error,
            g.output, g.progress, NULL::timestamptz AS next_due, g.group_id
        FROM gone AS g
        UNION ALL
        SELECT k.id, k.attempt, k.scheduled_for, k.due_at, k.kind, k.topic, k.job_name, k.correlation_id,
            k.ordering_key, k.state, k.started_at, k.finished_at, k.reason, k.error,
            k.output, k.progress, k.due_at, NULL
        FROM kept AS k
    ), history AS (
        INSERT INTO __schema__.runs (
            run_id, attempt, epoch, scheduled_for, due_at, started_at, finished_at, kind, topic, state, node, job_name,
            reason, error, correlation_id, output, progress)
        SELECT e.id, e.attempt, claim.epoch, e.scheduled_for, CASE WHEN e.next_due IS NULL THEN e.due_at END,
            e.started_at, e.finished_at, e.kind, e.topic, e.state, claim.node, e.job_name, e.reason, e.error,
            e.correlation_id, e.output, e.progress
        FROM ended AS e WHERE e.state <> 'snoozed'
    )
    SELECT count(*), array_agg(DISTINCT e.ordering_key) FILTER (WHERE e.ordering_key IS NOT NULL), min(e.next_due),
        array_agg(e.group_id ORDER BY e.id) FILTER (WHERE e.group_id IS NOT NULL),
        array_agg(e.state ORDER BY e.id) FILTER (WHERE e.group_id IS NOT NULL)
    INTO count, keys, earliest_due, groups, group_states FROM ended AS e;
    IF groups IS NOT NULL THEN
        PERFORM __schema__.end_members(groups, group_states);
    END IF;
    IF EXISTS (SELECT FROM __schema__.progress) THEN
        DELETE FROM __schema__.progress AS p WHERE p.run_id = ANY (ended_ids);
    END IF;
    IF progress IS NOT NULL AND kept_ids IS NOT NULL THEN
        -- For the next attempt.
        INSERT INTO __schema__.progress AS p (run_id, attempt, progress)
        SELECT w.id, w.attempts, o.progress
        FROM unnest(ids, progress) AS o (id, progress) JOIN __schema__.work AS w ON w.id = o.id
        WHERE o.progress IS NOT NULL AND o.id = ANY (kept_ids)
        ON CONFLICT (run_id) DO UPDATE SET progress = excluded.progress, reported_at = excluded.reported_at;
    END IF;
    IF keys IS NOT NULL THEN
        PERFORM __schema__.release_keys(keys);
    ELSIF earliest_due IS NOT NULL THEN
        -- The claimant may no longer be the owner, who then has to hear of it.
        PERFORM __schema__.wake(earliest_due);
    END IF;
    RETURN count;
END $$;

-- Ends one claim that its claimant will not settle: the runs go into history, the rows may be claimed again.
--
-- Those of a registration that is gone (`crashed`) become suspects, which are claimed alone; a crash counts only
-- against a suspect that was claimed alone, and the third one sends it to the dead letters. Those whose lending is over
-- were merely slow. Those that a user cancelled do not run again.
CREATE FUNCTION __schema__.revoke_claim(claim __schema__.claims, crashed boolean) RETURNS integer LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_nestloop = off SET enable_mergejoin = off
SET jit = off SET max_parallel_workers_per_gather = 0 SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    crash_limit constant integer := 3;
    counts constant boolean := crashed AND claim.lone;
    cause constant text := CASE WHEN crashed THEN 'node_lost' ELSE 'drain_timeout' END;
    crash constant jsonb := jsonb_build_object(
        'at', clock_timestamp(), 'node', claim.node, 'epoch', claim.epoch, 'reason', cause);
    marked bigint[];
    keys text[];
    groups bigint[];
    group_states text[];
    count integer;
BEGIN
    DELETE FROM __schema__.claims AS c WHERE c.batch = claim.batch;
    WITH cancelled AS (
        DELETE FROM __schema__.cancellations AS c WHERE c.id = ANY (claim.ids) RETURNING c.id
    )
    SELECT coalesce(array_agg(c.id), '{}') INTO marked FROM cancelled AS c;
    WITH gone AS (
        DELETE FROM __schema__.work AS w
        WHERE w.id = ANY (claim.ids) AND (w.id = ANY (marked) OR counts AND w.crashes + 1 >= crash_limit)
        RETURNING w.*
    ), kept AS (
        UPDATE __schema__.work AS w
        SET suspect = w.suspect OR crashed,
            crashes = w.crashes + CASE WHEN counts THEN 1 ELSE 0 END,
            errors = CASE WHEN crashed THEN __schema__.with_error(w.errors, crash || jsonb_build_object(
                'attempt', w.attempts + 1, 'state', 'crashed')) ELSE w.errors END,
            xid = pg_current_xact_id()
        WHERE w.id = ANY (claim.ids) AND w.id <> ALL (marked) AND NOT (counts AND w.crashes + 1 >= crash_limit)
        RETURNING w.*
    ), dead AS (
        INSERT INTO __schema__.dead_letters (
            id, reason, error, node, epoch, due_at, created_at, scheduled_for, backoff_base_ms, backoff_max_ms,
            timeout_ms, attempts, max_attempts, priority, crashes, kind, topic, payload, job_name, unique_key,
            ordering_key, correlation_id, trace_context, retry, retry_for_ms, limit_key, errors)
        SELECT g.id, 'crash_limit', 'the process that ran it ended ' || crash_limit || ' times', claim.node,
            claim.epoch, g.due_at, g.created_at, g.scheduled_for, g.backoff_base_ms, g.backoff_max_ms, g.timeout_ms,
            g.attempts, g.max_attempts, g.priority, g.crashes + 1, g.kind, g.topic, g.payload, g.job_name,
            g.unique_key, g.ordering_key, g.correlation_id, g.trace_context, g.retry, g.retry_for_ms, g.limit_key,
            __schema__.with_error(g.errors, crash || jsonb_build_object(
                'attempt', g.attempts + 1, 'state', 'discarded', 'reason', 'crash_limit'))
        FROM gone AS g WHERE g.id <> ALL (marked)
    ), ended AS (
        SELECT g.*, 'discarded' AS state, 'crash_limit' AS reason FROM gone AS g WHERE g.id <> ALL (marked)
        UNION ALL
        SELECT g.*, 'cancelled', cause FROM gone AS g WHERE g.id = ANY (marked)
        UNION ALL
        SELECT k.*, CASE WHEN crashed THEN 'crashed' ELSE 'interrupted' END, cause FROM kept AS k
    ), history AS (
        INSERT INTO __schema__.runs (
            run_id, attempt, epoch, scheduled_for, due_at, started_at, finished_at, kind, topic, state, node, job_name,
            reason, correlation_id)
        SELECT e.id, e.attempts + 1, claim.epoch, e.scheduled_for, e.due_at, claim.claimed_at, clock_timestamp(),
            e.kind, e.topic, e.state, claim.node, e.job_name, e.reason, e.correlation_id
        FROM ended AS e
    )
    SELECT count(*), array_agg(DISTINCT e.ordering_key) FILTER (WHERE e.ordering_key IS NOT NULL),
        array_agg(e.group_id ORDER BY e.id)
            FILTER (WHERE e.group_id IS NOT NULL AND e.state IN ('discarded', 'cancelled')),
        array_agg(e.state ORDER BY e.id)
            FILTER (WHERE e.group_id IS NOT NULL AND e.state IN ('discarded', 'cancelled'))
    INTO count, keys, groups, group_states FROM ended AS e;
    IF groups IS NOT NULL THEN
        PERFORM __schema__.end_members(groups, group_states);
    END IF;
    IF keys IS NOT NULL THEN
        PERFORM __schema__.release_keys(keys);
    END IF;
    RETURN count;
END $$;

-- What a new owner does first, and again whenever the set of the living changes or a lending is over.
--
-- Revokes the claims of registrations that are gone and those whose lending is over; lends the others' claims to them;
-- takes back as its own what an earlier tenure of the caller lent. A claim that is being settled this moment is left
-- for the next call. Returns how many runs were revoked because of a crash.
CREATE FUNCTION __schema__.open_tenant(
    epoch bigint, incarnation text, living text[], lending_ms bigint
) RETURNS integer LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
    claim __schema__.claims;
    crashed integer := 0;
    revoked integer;
BEGIN
    PERFORM __schema__.assert_epoch(epoch);
    -- A Redis that forgot may have given one epoch twice: whoever was refused must not touch the claims either.
    IF NOT EXISTS (SELECT FROM __schema__.fence AS f WHERE f.incarnation = open_tenant.incarnation) THEN
        RAISE EXCEPTION 'epoch % is installed for another registration', epoch USING ERRCODE = 'TN001';
    END IF;
    FOR claim IN
        SELECT c.* FROM __schema__.claims AS c
        WHERE c.incarnation <> open_tenant.incarnation
            AND (c.incarnation <> ALL (living) OR c.lent_until <= clock_timestamp())
        ORDER BY c.claimed_at, c.batch
        FOR UPDATE SKIP LOCKED
    LOOP
        revoked := __schema__.revoke_claim(claim, claim.incarnation <> ALL (living));
        IF claim.incarnation <> ALL (living) THEN
            crashed := crashed + revoked;
        END IF;
    END LOOP;
    UPDATE __schema__.claims AS c
    SET lent_until = clock_timestamp() + lending_ms * interval '1 millisecond'
    WHERE c.batch IN (
        SELECT d.batch FROM __schema__.claims AS d
        WHERE d.incarnation <> open_tenant.incarnation AND d.lent_until IS NULL FOR UPDATE SKIP LOCKED);
    UPDATE __schema__.claims AS c SET lent_until = NULL
    WHERE c.batch IN (
        SELECT d.batch FROM __schema__.claims AS d
        WHERE d.incarnation = open_tenant.incarnation AND d.lent_until IS NOT NULL FOR UPDATE SKIP LOCKED);
    RETURN crashed;
END $$;
