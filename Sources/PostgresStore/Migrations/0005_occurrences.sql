-- Turning due occurrences of jobs into work.

-- A new row of work in the form in which scans answer it.
CREATE FUNCTION __schema__.as_found(w __schema__.work) RETURNS __schema__.found
LANGUAGE sql STABLE PARALLEL SAFE
RETURN ROW(
    w.id, w.kind, w.topic, w.payload, w.due_at, w.priority, w.attempts, w.max_attempts,
    w.backoff_base_ms, w.backoff_max_ms, w.timeout_ms, w.ordering_key, w.job_name, w.scheduled_for, w.correlation_id,
    w.trace_context, w.suspect, w.crashes, w.retry, w.retry_until, w.limit_key, false, false, NULL, NULL, NULL, NULL, NULL, NULL)::__schema__.found;

-- How much work of a job is still to do, or running: occurrences, and runs that were triggered or backfilled. Counts no
-- further than the limit.
CREATE FUNCTION __schema__.live_count(job text, max integer) RETURNS integer LANGUAGE sql STABLE
RETURN (SELECT count(*)::integer FROM (SELECT FROM __schema__.work AS w WHERE w.job_name = job LIMIT max) AS l);

-- Cancels all work of a job that is still to do, or running: the marks of cancel_run(), with the reason `overlap`. True
-- if there is any. The caller holds the cancel gate, or it would wait for a user who is cancelling the same.
CREATE FUNCTION __schema__.cancel_live(job text) RETURNS boolean LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off
AS $$
BEGIN
    INSERT INTO __schema__.cancellations (id, reason)
    SELECT w.id, 'overlap' FROM __schema__.work AS w WHERE w.job_name = job ORDER BY w.id
    ON CONFLICT ON CONSTRAINT cancellations_pkey DO NOTHING;
    RETURN __schema__.live_count(job, 1) > 0;
END $$;

-- The ordering key of a job's runs, which keeps them from running at the same time; NULL where they may.
CREATE FUNCTION __schema__.job_key(job __schema__.jobs) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN (job).overlap <> 'allow' THEN 'job:' || (job).name END;

-- The product of two numbers modulo 2^64.
CREATE FUNCTION __schema__.wrapping_product(a bigint, b bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
    SELECT CASE WHEN p.product >= 9223372036854775808 THEN p.product - 18446744073709551616 ELSE p.product END::bigint
    FROM (
        SELECT mod(
            mod(a::numeric + 18446744073709551616, 18446744073709551616)
            * mod(b::numeric + 18446744073709551616, 18446744073709551616), 18446744073709551616) AS product
    ) AS p);

-- The hash that nodes agree on (StableHash): FNV-1a of 64 bits over the UTF-8 of each text and a byte 255 after it, then
-- mixed by shifts and products.
CREATE FUNCTION __schema__.stable_hash(VARIADIC texts text[]) RETURNS bigint LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$
DECLARE
    half constant bigint := 4294967295;
    -- The upper and the lower 32 bits: a product of these does not overflow.
    high bigint := 3421674724;
    low bigint := 2216829733;
    carry bigint;
    word text;
    bytes bytea;
    hash bigint;
BEGIN
    FOREACH word IN ARRAY texts LOOP
        bytes := convert_to(word, 'UTF8') || '\xff'::bytea;
        FOR i IN 0..length(bytes) - 1 LOOP
            low := low # get_byte(bytes, i);
            -- Times 2^40 + 435.
            carry := low * 435;
            high := (high * 435 + (carry >> 32) + (low << 8)) & half;
            low := carry & half;
        END LOOP;
    END LOOP;
    hash := high << 32 | low;
    hash := __schema__.wrapping_product(hash # (hash >> 30 & 17179869183), x'bf58476d1ce4e5b9'::bigint);
    hash := __schema__.wrapping_product(hash # (hash >> 27 & 137438953471), x'94d049bb133111eb'::bigint);
    RETURN hash # (hash >> 31 & 8589934591);
END $$;

-- How long a run is put off after its occurrence: the same wherever and whenever it is computed. The hash of the job's
-- name and of the occurrence in microseconds since 1970, modulo the longest jitter in microseconds and one.
CREATE FUNCTION __schema__.occurrence_jitter(job text, occurrence timestamptz, jitter_ms bigint) RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jitter_ms > 0 THEN interval '1 microsecond' * mod(
    mod(
        __schema__.stable_hash(job, (extract(epoch FROM occurrence) * 1000000)::bigint::text)::numeric
        + 18446744073709551616, 18446744073709551616),
    jitter_ms * 1000 + 1)::bigint ELSE interval '0' END;

-- Materialises occurrences of one job: a compare-and-set on revision and last occurrence, under the epoch. While the
-- job is paused only skipped instants are taken.
--
-- Occurrences and skipped instants are in ascending order and later than the last occurrence, so that none can come
-- twice: not after completion, and not after the job was deleted and put again. Returns no row if the job was changed,
-- paused, deleted, advanced, or is being changed this moment; otherwise a row for each new row of work and, last, one
-- with a NULL id.
--
-- The overlap policy decides by the work of the job that is there. With `cancel-running` an occurrence cancels it, and
-- comes after it; of several occurrences at once only the latest becomes work.
CREATE FUNCTION __schema__.materialise(
    epoch bigint, job text, revision bigint, last_occurrence timestamptz, occurrences timestamptz[],
    skipped timestamptz[], reasons text[], next_due timestamptz, pauses boolean DEFAULT false
) RETURNS SETOF __schema__.found
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off
AS $$
#variable_conflict use_variable
DECLARE
    definition __schema__.jobs;
    occurrence timestamptz;
    latest timestamptz;
    newest constant timestamptz := (SELECT max(o) FROM unnest(occurrences) AS o);
    live integer := 0;
    written __schema__.work;
    end_of_rows __schema__.found;
BEGIN
    PERFORM __schema__.assert_epoch(epoch);
    -- A user's transaction that is changing the job must not hold the owner up.
    SELECT j.* INTO definition FROM __schema__.jobs AS j
    WHERE j.name = job AND j.revision = materialise.revision AND j.deleted_at IS NULL
        AND (NOT j.paused OR cardinality(occurrences) = 0)
        AND j.last_occurrence IS NOT DISTINCT FROM materialise.last_occurrence
    FOR NO KEY UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT greatest(last_occurrence, max(o)) INTO latest FROM unnest(occurrences || skipped) AS o;
    IF EXISTS (SELECT FROM unnest(occurrences || skipped) AS o WHERE o <= last_occurrence) THEN
        RAISE EXCEPTION 'an occurrence of job % is not later than its last one', job USING ERRCODE = '22023';
    END IF;

    IF newest IS NOT NULL AND definition.overlap <> 'allow' THEN
        live := __schema__.live_count(job, definition.overlap_bound + 1);
    END IF;
    -- Whoever is cancelling something holds the gate until the commit; to wait for that would hold the owner up.
    IF definition.overlap = 'cancel-running' AND live > 0
        AND NOT pg_try_advisory_xact_lock(__schema__.cancel_gate())
    THEN
        RETURN;
    END IF;

    INSERT INTO __schema__.runs (
        run_id, attempt, epoch, scheduled_for, finished_at, kind, topic, state, job_name, reason)
    SELECT nextval('__schema__.work_id_seq'), 0, epoch, s.instant, clock_timestamp(), 'job',
        definition.topic, 'skipped', job, s.reason
    FROM unnest(skipped, reasons) AS s (instant, reason);

    FOREACH occurrence IN ARRAY occurrences LOOP
        IF (CASE definition.overlap
            WHEN 'skip' THEN live > 0
            WHEN 'queue' THEN live > definition.overlap_bound
            WHEN 'queue-one' THEN live > 1
            WHEN 'cancel-running' THEN occurrence < newest
            ELSE false END)
        THEN
            INSERT INTO __schema__.runs (
                run_id, attempt, epoch, scheduled_for, finished_at, kind, topic, state, job_name, reason)
            VALUES (
                nextval('__schema__.work_id_seq'), 0, epoch, occurrence, clock_timestamp(),
                'job', definition.topic, 'skipped', job, 'overlap');
            CONTINUE;
        END IF;
        IF definition.overlap = 'cancel-running' AND live > 0 THEN
            PERFORM __schema__.cancel_live(job);
            -- What waits goes at once; what runs is told by the look at the end of the pass.
            PERFORM __schema__.sweep_cancellations();
        END IF;
        INSERT INTO __schema__.work (
            due_at, scheduled_for, backoff_base_ms, backoff_max_ms, timeout_ms, max_attempts, priority, kind, topic,
            payload, job_name, ordering_key, retry, retry_for_ms, retry_until, limit_key)
        VALUES (
            occurrence + __schema__.occurrence_jitter(job, occurrence, definition.jitter_ms), occurrence,
            definition.backoff_base_ms, definition.backoff_max_ms, definition.timeout_ms, definition.max_attempts,
            definition.priority, 'job', definition.topic, definition.payload, job, __schema__.job_key(definition),
            definition.retry, definition.retry_for_ms, __schema__.retry_limit(occurrence, definition.retry_for_ms),
            definition.limit_key)
        RETURNING * INTO written;
        live := live + 1;
        RETURN NEXT __schema__.as_found(written);
    END LOOP;

    UPDATE __schema__.jobs AS j
    SET last_occurrence = latest,
        next_due = materialise.next_due,
        paused = j.paused OR pauses,
        paused_at = CASE WHEN pauses THEN clock_timestamp() ELSE j.paused_at END,
        revision = j.revision + CASE WHEN pauses THEN 1 ELSE 0 END
    WHERE j.name = job;
    IF pauses THEN
        INSERT INTO __schema__.changes (what, name) VALUES ('job.paused', job);
    END IF;
    RETURN NEXT end_of_rows;
END $$;
