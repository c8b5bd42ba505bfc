-- Occurrences of the past that are to run after all.

-- Enqueues occurrences of a job that have passed without a run, each once: what is still to do, has ended, or has a row
-- that says why it did not run, is left out. The caller computes the instants. With `plan` nothing is enqueued.
--
-- Answers a row for each distinct instant, in ascending order, with the `state`
--   added     it is enqueued, or would be
--   present   there is work for it, a row in the history, or a dead letter
--   upcoming  the schedule itself has yet to come to it
--
-- What the janitor has forgotten counts as never having run. Unless the job allows overlaps its occurrences run one at
-- a time; a job whose occurrences cancel what runs cannot be backfilled: the next one would cancel all of them.
CREATE FUNCTION __schema__.backfill_job(name text, occurrences timestamptz[], plan boolean DEFAULT false)
RETURNS TABLE (occurrence timestamptz, state text, run_id bigint) LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off
AS $$
DECLARE
    -- Locked: the owner and other backfills keep away.
    job constant __schema__.jobs := __schema__.live_job(name);
    present timestamptz[];
    has_added boolean := false;
BEGIN
    PERFORM __schema__.assert_read_committed();
    IF job.overlap = 'cancel-running' THEN
        RAISE EXCEPTION 'the job % cancels what runs, so that its next occurrence would end a backfill',
            quote_literal(name)
            USING ERRCODE = '22023', HINT = 'Put it with the overlap policy queue for as long as the backfill takes.';
    END IF;
    IF occurrences IS NULL OR array_position(occurrences, NULL) IS NOT NULL THEN
        RAISE EXCEPTION 'an occurrence of the job % is NULL', quote_literal(name)
            USING ERRCODE = '22023', HINT = 'Give instants, such as ARRAY[timestamptz ''2026-01-31 03:00Z''].';
    END IF;
    IF cardinality(occurrences) > 100000 THEN
        RAISE EXCEPTION '% occurrences are too many', cardinality(occurrences)
            USING ERRCODE = '22023', HINT = 'Give at most 100000 at a time.';
    END IF;
    -- In this order: what moves on between the looks goes from a former place to a later one, or is in the history.
    present := ARRAY(
        SELECT d.scheduled_for FROM __schema__.dead_letters AS d
        WHERE d.job_name = job.name AND d.scheduled_for = ANY (occurrences));
    present := present || ARRAY(
        SELECT w.scheduled_for FROM __schema__.work AS w
        WHERE w.job_name = job.name AND w.scheduled_for = ANY (occurrences));
    present := present || ARRAY(
        SELECT DISTINCT r.scheduled_for FROM __schema__.runs AS r
        WHERE r.job_name = job.name AND r.scheduled_for = ANY (occurrences));

    FOR occurrence, state IN
        SELECT o.instant,
            CASE
                WHEN o.instant = ANY (present) THEN 'present'
                WHEN o.instant > greatest(job.last_occurrence, job.planned_from) THEN 'upcoming'
                ELSE 'added'
            END
        FROM (SELECT DISTINCT u.instant FROM unnest(occurrences) AS u (instant)) AS o
        ORDER BY o.instant
    LOOP
        run_id := NULL;
        IF state = 'added' AND NOT plan THEN
            INSERT INTO __schema__.work (
                scheduled_for, backoff_base_ms, backoff_max_ms, timeout_ms, max_attempts, priority, kind, topic,
                payload, job_name, ordering_key, retry, retry_for_ms, retry_until, limit_key)
            VALUES (
                occurrence, job.backoff_base_ms, job.backoff_max_ms, job.timeout_ms, job.max_attempts, job.priority,
                'job', job.topic, job.payload, job.name, __schema__.job_key(job), job.retry, job.retry_for_ms,
                __schema__.retry_limit(now(), job.retry_for_ms), job.limit_key)
            RETURNING id INTO run_id;
            has_added := true;
        END IF;
        RETURN NEXT;
    END LOOP;
    IF has_added THEN
        PERFORM __schema__.note_change('job.backfilled', job.name);
    END IF;
END $$;
