-- Turning due occurrences of jobs into work.

-- A new row of work in the form in which scans answer it.
CREATE FUNCTION __schema__.as_found(w __schema__.work) RETURNS __schema__.found
LANGUAGE sql STABLE PARALLEL SAFE
RETURN ROW(
    w.id, w.kind, w.topic, w.payload, w.due_at, w.priority, w.attempts, w.max_attempts,
    w.backoff_base_ms, w.backoff_max_ms, w.timeout_ms, w.ordering_key, w.job_name, w.scheduled_for, w.correlation_id,
    w.trace_context, w.suspect, w.crashes, w.retry, w.retry_until, w.limit_key, false, false, NULL, NULL, NULL, NULL, NULL, NULL)::__schema__.found;

-- Whether work of a job is still to do, or running.
CREATE FUNCTION __schema__.is_live(job text) RETURNS boolean LANGUAGE sql STABLE
RETURN EXISTS (SELECT FROM __schema__.work AS w WHERE w.job_name = job);

-- Materialises occurrences of one job: a compare-and-set on revision and last occurrence, under the epoch. While the
-- job is paused only skipped instants are taken.
--
-- Occurrences and skipped instants are in ascending order and later than the last occurrence, so that none can come
-- twice: not after completion, and not after the job was deleted and put again. Returns no row if the job was changed,
-- paused, deleted, advanced, or is being changed this moment; otherwise a row for each new row of work and, last, one
-- with a NULL id.
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

    INSERT INTO __schema__.runs (
        run_id, attempt, epoch, scheduled_for, finished_at, kind, topic, state, job_name, reason)
    SELECT nextval('__schema__.work_id_seq'), 0, epoch, s.instant, clock_timestamp(), 'job',
        definition.topic, 'skipped', job, s.reason
    FROM unnest(skipped, reasons) AS s (instant, reason);

    FOREACH occurrence IN ARRAY occurrences LOOP
        IF definition.overlap = 'skip' AND __schema__.is_live(job) THEN
            INSERT INTO __schema__.runs (
                run_id, attempt, epoch, scheduled_for, finished_at, kind, topic, state, job_name, reason)
            VALUES (
                nextval('__schema__.work_id_seq'), 0, epoch, occurrence, clock_timestamp(),
                'job', definition.topic, 'skipped', job, 'overlap');
            CONTINUE;
        END IF;
        INSERT INTO __schema__.work (
            due_at, scheduled_for, backoff_base_ms, backoff_max_ms, timeout_ms, max_attempts, priority, kind, topic,
            payload, job_name, ordering_key, retry, retry_for_ms, retry_until, limit_key)
        VALUES (
            occurrence + random() * definition.jitter_ms * interval '1 millisecond', occurrence,
            definition.backoff_base_ms, definition.backoff_max_ms, definition.timeout_ms, definition.max_attempts,
            definition.priority, 'job', definition.topic, definition.payload, job,
            CASE WHEN definition.overlap = 'queue' THEN 'job:' || job END, definition.retry, definition.retry_for_ms,
            __schema__.retry_limit(occurrence, definition.retry_for_ms), definition.limit_key)
        RETURNING * INTO written;
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
