-- Finding due work.

-- One row of an answer of scan(): a row of work, or, last, what the scan as a whole found (`id` is NULL then).
CREATE TYPE __schema__.found AS (
    id bigint,
    kind text,
    topic text,
    payload jsonb,
    due_at timestamptz,
    priority smallint,
    attempts integer,
    max_attempts integer,
    backoff_base_ms bigint,
    backoff_max_ms bigint,
    timeout_ms bigint,
    ordering_key text,
    job_name text,
    scheduled_for timestamptz,
    correlation_id text,
    trace_context text,
    suspect boolean,
    crashes smallint,
    retry text,
    retry_until timestamptz,
    limit_key text,
    -- Read beyond the cursor, which moves on to it; otherwise read behind it.
    ahead boolean,
    -- Not runnable: not the head of its ordering key. Only moves the cursor.
    blocked boolean,
    -- The rest is set in the last row only. What this scan saw, for the next one.
    snapshot text,
    -- The limit cut the rows ahead of the cursor short.
    more boolean,
    -- The limit cut the rows behind the cursor short: the next scan has to start from the front.
    overflow boolean,
    -- The earliest instant that is yet to come.
    next_due timestamptz,
    server_time timestamptz,
    -- The sleep was published.
    asleep boolean
);

-- Reads due work in index order beyond a cursor, and what appeared behind it since an earlier scan.
--
-- One cursor a band of priority: `bands` in descending order, with the due instant and ID after which to read. `seen`
-- is the snapshot that the earlier scan answered, NULL where the cursors stand at the front. Behind the cursors appear:
-- rows of transactions that `seen` did not see, and the heads of ordering keys that were released since. Rows in flight
-- may be among the answer.
--
-- With `reserve`, so many rows of each band below a priority are read beyond its cursor as well, so that those are not
-- forgotten while more urgent ones fill the limit. Such rows come last, and may have come before.
--
-- With `sleep`, publishes until when the owner sleeps, if there is nothing due: the gate is taken before the rows are
-- read, so that no enqueue is under way that this scan did not see and that did not see the sleep. Without, a full hand
-- of rows marks the owner as awake, which spares enqueues the notification.
CREATE FUNCTION __schema__.scan(
    epoch bigint, seen pg_snapshot, bands smallint[], after_due timestamptz[], after_id bigint[], max integer,
    sleep timestamptz, reserve_below integer DEFAULT NULL, reserve integer DEFAULT NULL
) RETURNS SETOF __schema__.found
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET enable_sort = off SET enable_incremental_sort = off SET jit = off SET max_parallel_workers_per_gather = 0 SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_variable
DECLARE
    busy_rows constant integer := 16;
    horizon constant timestamptz := clock_timestamp();
    furthest timestamptz;
    gate boolean := false;
    behind integer := 0;
    beyond integer := 0;
    summary __schema__.found;
BEGIN
    PERFORM __schema__.assert_epoch(epoch);
    IF sleep IS NOT NULL THEN
        gate := pg_try_advisory_xact_lock(__schema__.wake_gate());
    END IF;
    -- Older than what the statements below see: a row may be found twice, never not at all.
    summary.snapshot := pg_current_snapshot()::text;

    IF seen IS NOT NULL THEN
        furthest := (SELECT least(max(a), horizon) FROM unnest(after_due) AS a);
        RETURN QUERY
        SELECT
            w.id, w.kind, w.topic, CASE WHEN NOT w.blocked THEN w.payload END, w.due_at, w.priority, w.attempts,
            w.max_attempts, w.backoff_base_ms, w.backoff_max_ms, w.timeout_ms, w.ordering_key, w.job_name,
            w.scheduled_for, w.correlation_id, w.trace_context, w.suspect, w.crashes, w.retry,
            w.retry_until, w.limit_key, false, w.blocked,
            NULL, NULL::boolean, NULL::boolean, NULL::timestamptz, NULL::timestamptz, NULL::boolean
        FROM (
            SELECT v.*, v.ordering_key IS NOT NULL AND EXISTS (
                SELECT FROM __schema__.work AS head
                WHERE head.ordering_key = v.ordering_key AND head.id + 0 < v.id + 0) AS blocked
            FROM (
                (SELECT u.* FROM __schema__.work AS u
                WHERE u.xid >= pg_snapshot_xmax(seen) AND u.due_at <= furthest
                ORDER BY u.xid, u.due_at)
                UNION ALL
                SELECT u.* FROM pg_snapshot_xip(seen) AS unseen (xid)
                CROSS JOIN LATERAL (
                    SELECT t.* FROM __schema__.work AS t
                    WHERE t.xid = unseen.xid AND t.due_at <= furthest ORDER BY t.xid, t.due_at) AS u
                UNION ALL
                SELECT u.* FROM (
                    SELECT DISTINCT k.key FROM __schema__.released AS r CROSS JOIN LATERAL unnest(r.keys) AS k (key)
                    WHERE NOT pg_visible_in_snapshot(r.xid, seen)) AS freed
                CROSS JOIN LATERAL (
                    SELECT t.* FROM __schema__.work AS t WHERE t.ordering_key = freed.key ORDER BY t.id + 0 LIMIT 1) AS u
                WHERE u.due_at <= furthest
            ) AS v
            WHERE EXISTS (
                SELECT FROM unnest(bands, after_due, after_id) AS b (band, due_at, id)
                WHERE b.band = v.priority AND (v.due_at, v.id) <= (b.due_at, b.id))
            LIMIT max
        ) AS w;
        GET DIAGNOSTICS behind = ROW_COUNT;
        -- What the earlier scan saw has been dealt with.
        DELETE FROM __schema__.released AS r WHERE pg_visible_in_snapshot(r.xid, seen);
    END IF;

    RETURN QUERY
    SELECT
            w.id, w.kind, w.topic, CASE WHEN NOT w.blocked THEN w.payload END, w.due_at, w.priority, w.attempts,
            w.max_attempts, w.backoff_base_ms, w.backoff_max_ms, w.timeout_ms, w.ordering_key, w.job_name,
            w.scheduled_for, w.correlation_id, w.trace_context, w.suspect, w.crashes, w.retry,
            w.retry_until, w.limit_key, true, w.blocked,
            NULL, NULL::boolean, NULL::boolean, NULL::timestamptz, NULL::timestamptz, NULL::boolean
    FROM (
        SELECT v.*, v.ordering_key IS NOT NULL AND EXISTS (
            SELECT FROM __schema__.work AS head
            WHERE head.ordering_key = v.ordering_key AND head.id + 0 < v.id + 0) AS blocked
        FROM unnest(bands, after_due, after_id) AS b (band, due_at, id)
        CROSS JOIN LATERAL (
            SELECT u.* FROM __schema__.work AS u
            WHERE u.priority = b.band AND (u.due_at, u.id + 0) > (b.due_at, b.id) AND u.due_at <= horizon
            ORDER BY u.due_at, u.id + 0 LIMIT max) AS v
        LIMIT max
    ) AS w;
    GET DIAGNOSTICS beyond = ROW_COUNT;

    IF reserve IS NOT NULL THEN
        RETURN QUERY
        SELECT
            w.id, w.kind, w.topic, CASE WHEN NOT w.blocked THEN w.payload END, w.due_at, w.priority, w.attempts,
            w.max_attempts, w.backoff_base_ms, w.backoff_max_ms, w.timeout_ms, w.ordering_key, w.job_name,
            w.scheduled_for, w.correlation_id, w.trace_context, w.suspect, w.crashes, w.retry,
            w.retry_until, w.limit_key, true, w.blocked,
            NULL, NULL::boolean, NULL::boolean, NULL::timestamptz, NULL::timestamptz, NULL::boolean
        FROM (
            SELECT v.*, v.ordering_key IS NOT NULL AND EXISTS (
                SELECT FROM __schema__.work AS head
                WHERE head.ordering_key = v.ordering_key AND head.id + 0 < v.id + 0) AS blocked
            FROM unnest(bands, after_due, after_id) AS b (band, due_at, id)
            CROSS JOIN LATERAL (
                SELECT u.* FROM __schema__.work AS u
                WHERE u.priority = b.band AND (u.due_at, u.id + 0) > (b.due_at, b.id) AND u.due_at <= horizon
                ORDER BY u.due_at, u.id + 0 LIMIT reserve) AS v
            WHERE b.band < reserve_below
        ) AS w;
    END IF;

    summary.more := beyond >= max;
    summary.overflow := behind >= max;
    IF NOT summary.more THEN
        summary.next_due := (
            SELECT min(w.due_at) FROM unnest(bands) AS b (band)
            CROSS JOIN LATERAL (
                SELECT v.due_at FROM __schema__.work AS v WHERE v.priority = b.band AND v.due_at > horizon
                ORDER BY v.due_at LIMIT 1) AS w);
    END IF;
    summary.server_time := horizon;
    summary.asleep := gate AND beyond + behind = 0;
    IF summary.asleep THEN
        UPDATE __schema__.wakeup AS w SET sleep_until = least(sleep, summary.next_due)
        WHERE w.sleep_until <> least(sleep, summary.next_due);
        -- What this session inserted shows in the counters now, and not when the owner watches them for others.
        IF current_setting('server_version_num')::integer >= 150000 THEN
            PERFORM pg_stat_force_next_flush();
        END IF;
    ELSIF beyond + behind >= busy_rows THEN
        UPDATE __schema__.wakeup AS w SET sleep_until = '-infinity' WHERE w.sleep_until > horizon;
    END IF;
    RETURN NEXT summary;
END $$;

-- What a pass reports besides: the server's clock, whether a definition changed that `seen` did not see, and which runs
-- in progress a user cancelled.
CREATE FUNCTION __schema__.look(epoch bigint, seen pg_snapshot)
RETURNS TABLE (server_time timestamptz, snapshot text, changed boolean, cancelled bigint[])
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off
AS $$
DECLARE
    marked bigint[] := '{}';
BEGIN
    PERFORM __schema__.assert_epoch(epoch);
    IF EXISTS (SELECT FROM __schema__.cancellations) THEN
        marked := __schema__.sweep_cancellations();
    END IF;
    IF EXISTS (SELECT FROM __schema__.group_marks) THEN
        PERFORM __schema__.sweep_groups();
    END IF;
    RETURN QUERY
    SELECT clock_timestamp(), pg_current_snapshot()::text,
        seen IS NULL
        OR EXISTS (SELECT FROM __schema__.changes AS c WHERE c.xid >= pg_snapshot_xmax(seen))
        OR EXISTS (
            SELECT FROM pg_snapshot_xip(seen) AS unseen (xid)
            WHERE EXISTS (SELECT FROM __schema__.changes AS c WHERE c.xid = unseen.xid OFFSET 0)),
        marked;
END $$;

-- Runs what a new owner runs first, in the present owner's name, and undoes it: a session has then read the catalog and
-- planned the statements, and takes over without that delay. Changes nothing and says nothing.
CREATE FUNCTION __schema__.rehearse() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    present __schema__.fence;
BEGIN
    SELECT * INTO STRICT present FROM __schema__.fence AS f;
    PERFORM __schema__.open_tenant(
        present.epoch, present.incarnation,
        ARRAY(SELECT c.incarnation FROM __schema__.claims AS c UNION SELECT present.incarnation), 0);
    PERFORM FROM __schema__.scan(
        present.epoch, pg_current_snapshot(), ARRAY[0]::smallint[], ARRAY['infinity'::timestamptz], ARRAY[0::bigint],
        1, NULL);
    PERFORM FROM __schema__.look(present.epoch, pg_current_snapshot());
    RAISE EXCEPTION 'a rehearsal' USING ERRCODE = 'TN006';
EXCEPTION WHEN OTHERS THEN
    -- Whatever happened is undone. A new owner may have come in between, and nobody owns a tenant that is new.
    NULL;
END $$;
