-- What users call to define recurring jobs.

-- Records a change of a definition, which tells the owner to read again.
CREATE FUNCTION __schema__.note_change(what text, name text) RETURNS void LANGUAGE plpgsql AS $$
#variable_conflict use_variable
BEGIN
    INSERT INTO __schema__.changes (what, name) VALUES (what, name);
    PERFORM __schema__.wake('-infinity');
END $$;

-- Raises unless the zone is UTC or a place of the IANA database, such as Europe/Berlin: names that nodes know as well.
-- What else Postgres has are abbreviations and offsets, which know no daylight saving time (EST is not New York), other
-- names of the same places, and directories of its own.
CREATE FUNCTION __schema__.check_time_zone(zone text) RETURNS void LANGUAGE plpgsql STABLE AS $$
DECLARE
    meant text;
BEGIN
    IF zone = 'UTC' THEN
        RETURN;
    END IF;
    -- The view reads every file of the time zone database: not where it can be avoided.
    IF zone ~ '^[A-Z][A-Za-z_-]*/' AND zone !~ '^SystemV/'
        AND (EXISTS (SELECT FROM __schema__.jobs AS j WHERE j.time_zone = zone)
            OR EXISTS (SELECT FROM pg_timezone_names AS z WHERE z.name = zone))
    THEN
        RETURN;
    END IF;
    -- Etc/GMT+1 is west of Greenwich, which nobody means who writes GMT+1.
    SELECT z.name INTO meant FROM pg_timezone_names AS z
    WHERE z.name ~ '^[A-Z].*/' AND z.name !~ '^Etc/'
        AND (lower(z.name) = lower(replace(zone, ' ', '_'))
            OR right(lower(z.name), length(zone) + 1) = '/' || lower(replace(zone, ' ', '_')))
    ORDER BY z.name LIMIT 1;
    RAISE EXCEPTION 'the time zone % is not accepted', coalesce(quote_literal(zone), 'NULL')
        USING ERRCODE = '22023',
            HINT = coalesce('Did you mean ' || quote_literal(meant) || '? ', '')
                || 'Use UTC, or region and city as the IANA database has them, such as Europe/Berlin. '
                || 'Abbreviations and offsets know no daylight saving time.';
END $$;

-- Raises unless a job exists.
CREATE FUNCTION __schema__.live_job(name text) RETURNS __schema__.jobs LANGUAGE plpgsql AS $$
DECLARE
    job __schema__.jobs;
BEGIN
    SELECT j.* INTO job FROM __schema__.jobs AS j
    WHERE j.name = live_job.name AND j.deleted_at IS NULL FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no job %', coalesce(quote_literal(name), 'NULL')
            USING ERRCODE = 'P0002', HINT = 'SELECT name FROM jobs shows those that there are.';
    END IF;
    RETURN job;
END $$;

-- Creates or changes a recurring job: either `cron` or `every`. Returns its revision, which grows with each change.
--
-- Putting the same definition again changes nothing. A change that leaves the schedule alone keeps the next due
-- instant; a change of the schedule counts from now. A pause stays. The owner computes when it is due.
CREATE FUNCTION __schema__.schedule_job(
    name text, topic text, cron text DEFAULT NULL, payload jsonb DEFAULT '{}', time_zone text DEFAULT 'UTC',
    every interval DEFAULT NULL, priority integer DEFAULT 0, max_attempts integer DEFAULT 5,
    timeout interval DEFAULT NULL, backoff_base interval DEFAULT '250 milliseconds',
    backoff_max interval DEFAULT '60 seconds', misfire text DEFAULT 'latest',
    misfire_grace interval DEFAULT '60 seconds', misfire_bound integer DEFAULT 100, overlap text DEFAULT 'allow',
    starts_at timestamptz DEFAULT NULL, ends_at timestamptz DEFAULT NULL, jitter interval DEFAULT '0',
    dst_gap text DEFAULT 'first-valid-instant', dst_overlap text DEFAULT 'automatic', retry text DEFAULT NULL,
    retry_for interval DEFAULT NULL, limit_key text DEFAULT NULL, overlap_bound integer DEFAULT 100,
    calendar text DEFAULT NULL, description text DEFAULT NULL, tags text[] DEFAULT '{}'
) RETURNS bigint LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    present __schema__.jobs;
    wanted __schema__.jobs;
    reschedules boolean;
BEGIN
    PERFORM __schema__.check_work(
        topic, payload, priority, max_attempts, timeout, backoff_base, backoff_max, NULL, NULL, retry, retry_for,
        limit_key);
    IF name IS NULL OR length(name) NOT BETWEEN 1 AND 200 THEN
        RAISE EXCEPTION 'the job name % is not valid', coalesce(quote_literal(name), 'NULL')
            USING ERRCODE = '22023', HINT = 'Use 1 to 200 characters.';
    END IF;
    IF (cron IS NULL) = (every IS NULL) THEN
        RAISE EXCEPTION 'job % needs either a cron expression or an interval', quote_literal(name)
            USING ERRCODE = '22023', HINT = 'Give cron => ''*/5 * * * *'', or every => ''5 minutes''.';
    END IF;
    IF cron IS NOT NULL THEN
        PERFORM __schema__.check_cron(cron);
    ELSIF every < interval '100 milliseconds' OR extract(month FROM every) + extract(year FROM every) <> 0 THEN
        RAISE EXCEPTION 'the interval % is not valid', every
            USING ERRCODE = '22023', HINT = 'Use at least 100 milliseconds, and cron for months and years.';
    END IF;
    PERFORM __schema__.check_time_zone(time_zone);
    IF misfire IS NULL OR misfire NOT IN ('skip', 'latest', 'all', 'pause') THEN
        RAISE EXCEPTION 'the misfire policy % is unknown', coalesce(quote_literal(misfire), 'NULL')
            USING ERRCODE = '22023', HINT = 'Use skip, latest, all or pause.';
    END IF;
    IF overlap IS NULL OR overlap NOT IN ('allow', 'skip', 'queue', 'queue-one', 'cancel-running') THEN
        RAISE EXCEPTION 'the overlap policy % is unknown', coalesce(quote_literal(overlap), 'NULL')
            USING ERRCODE = '22023', HINT = 'Use allow, skip, queue, queue-one or cancel-running.';
    END IF;
    IF overlap_bound IS NULL OR overlap_bound NOT BETWEEN 1 AND 10000 THEN
        RAISE EXCEPTION 'overlap_bound % is out of range', coalesce(overlap_bound::text, 'NULL')
            USING ERRCODE = '22023', HINT = 'Use 1 to 10000: how many occurrences may wait behind the first.';
    END IF;
    IF length(description) > 1000 THEN
        RAISE EXCEPTION 'the description has % characters', length(description)
            USING ERRCODE = '22023', HINT = 'Use at most 1000.';
    END IF;
    IF tags IS NULL OR cardinality(tags) > 20 OR EXISTS (
        SELECT FROM unnest(tags) AS t (tag) WHERE t.tag IS NULL OR t.tag !~ '^[!-~]{1,50}$')
    THEN
        RAISE EXCEPTION 'the tags % are not valid', coalesce(tags::text, 'NULL')
            USING ERRCODE = '22023',
                HINT = 'Use at most 20, each of 1 to 50 printable ASCII characters without spaces.';
    END IF;
    tags := ARRAY(SELECT t.tag FROM unnest(tags) AS t (tag) GROUP BY t.tag ORDER BY t.tag COLLATE "C");
    -- Locked: it is not deleted meanwhile.
    PERFORM FROM __schema__.calendars AS c WHERE c.name = calendar FOR KEY SHARE;
    IF calendar IS NOT NULL AND NOT FOUND THEN
        RAISE EXCEPTION 'there is no calendar %', quote_literal(calendar)
            USING ERRCODE = 'P0002', HINT = 'Put it first: SELECT put_calendar(''holidays'', ''{2026-12-25}'').';
    END IF;
    IF dst_gap IS NULL OR dst_gap NOT IN ('first-valid-instant', 'skip', 'shift')
        OR dst_overlap IS NULL OR dst_overlap NOT IN ('automatic', 'first', 'second', 'both')
    THEN
        RAISE EXCEPTION 'the daylight saving policy % or % is unknown',
            coalesce(quote_literal(dst_gap), 'NULL'), coalesce(quote_literal(dst_overlap), 'NULL')
            USING ERRCODE = '22023',
                HINT = 'dst_gap: first-valid-instant, skip or shift; dst_overlap: automatic, first, second or both.';
    END IF;
    IF misfire_grace IS NULL OR misfire_grace < interval '0' OR misfire_bound IS NULL
        OR misfire_bound NOT BETWEEN 1 AND 10000 OR jitter IS NULL OR jitter < interval '0'
    THEN
        RAISE EXCEPTION 'misfire_grace, misfire_bound or jitter is out of range'
            USING ERRCODE = '22023', HINT = 'Intervals are not negative; misfire_bound is 1 to 10000.';
    END IF;
    IF ends_at <= starts_at THEN
        RAISE EXCEPTION 'the window ends before it starts'
            USING ERRCODE = '22023', HINT = 'ends_at has to be later than starts_at.';
    END IF;

    LOOP
        SELECT j.* INTO present FROM __schema__.jobs AS j WHERE j.name = schedule_job.name FOR NO KEY UPDATE;
        wanted := present;
        wanted.topic := topic;
        wanted.payload := payload;
        wanted.cron := cron;
        wanted.every := every;
        wanted.time_zone := time_zone;
        wanted.starts_at := starts_at;
        wanted.ends_at := ends_at;
        wanted.jitter_ms := __schema__.milliseconds(jitter);
        wanted.dst_gap := dst_gap;
        wanted.dst_overlap := dst_overlap;
        wanted.misfire := misfire;
        wanted.misfire_grace_ms := __schema__.milliseconds(misfire_grace);
        wanted.misfire_bound := misfire_bound;
        wanted.overlap := overlap;
        wanted.overlap_bound := overlap_bound;
        wanted.calendar := calendar;
        wanted.description := description;
        wanted.tags := tags;
        wanted.priority := priority;
        wanted.max_attempts := max_attempts;
        wanted.backoff_base_ms := __schema__.milliseconds(backoff_base);
        wanted.backoff_max_ms := __schema__.milliseconds(backoff_max);
        wanted.timeout_ms := __schema__.milliseconds(timeout);
        wanted.retry := retry;
        wanted.retry_for_ms := __schema__.milliseconds(retry_for);
        wanted.limit_key := limit_key;
        wanted.deleted_at := NULL;
        IF present.name IS NOT NULL THEN
            IF wanted IS NOT DISTINCT FROM present THEN
                RETURN present.revision;
            END IF;
            EXIT;
        END IF;
        wanted.name := name;
        wanted.anchor := coalesce(starts_at, now());
        wanted.paused := false;
        wanted.planned_from := now();
        wanted.revision := 1;
        wanted.created_at := now();
        wanted.updated_at := now();
        INSERT INTO __schema__.jobs SELECT wanted.* ON CONFLICT (name) DO NOTHING;
        IF FOUND THEN
            PERFORM __schema__.note_change('job.put', name);
            RETURN 1;
        END IF;
    END LOOP;

    reschedules := present.deleted_at IS NOT NULL
        OR (present.cron, present.every, present.time_zone, present.starts_at, present.ends_at, present.dst_gap,
            present.dst_overlap)
        IS DISTINCT FROM
            (wanted.cron, wanted.every, wanted.time_zone, wanted.starts_at, wanted.ends_at, wanted.dst_gap,
            wanted.dst_overlap);
    UPDATE __schema__.jobs AS j SET
        topic = wanted.topic, payload = wanted.payload, cron = wanted.cron, every = wanted.every,
        time_zone = wanted.time_zone, starts_at = wanted.starts_at, ends_at = wanted.ends_at,
        jitter_ms = wanted.jitter_ms, dst_gap = wanted.dst_gap, dst_overlap = wanted.dst_overlap,
        misfire = wanted.misfire, misfire_grace_ms = wanted.misfire_grace_ms, misfire_bound = wanted.misfire_bound,
        overlap = wanted.overlap, overlap_bound = wanted.overlap_bound, calendar = wanted.calendar,
        description = wanted.description, tags = wanted.tags, priority = wanted.priority,
        max_attempts = wanted.max_attempts, backoff_base_ms = wanted.backoff_base_ms,
        backoff_max_ms = wanted.backoff_max_ms, timeout_ms = wanted.timeout_ms, retry = wanted.retry, retry_for_ms = wanted.retry_for_ms,
        limit_key = wanted.limit_key, deleted_at = NULL, updated_at = now(), revision = j.revision + 1,
        anchor = CASE WHEN reschedules THEN coalesce(wanted.starts_at, now()) ELSE j.anchor END,
        -- What the old schedule left undone is not caught up by the new one. Occurrences that it came to while this
        -- transaction was open are its own.
        planned_from = CASE WHEN reschedules THEN greatest(now(), j.last_occurrence) ELSE j.planned_from END,
        next_due = CASE WHEN reschedules THEN NULL ELSE j.next_due END,
        paused = j.paused AND present.deleted_at IS NULL
    WHERE j.name = schedule_job.name
    RETURNING j.* INTO wanted;
    PERFORM __schema__.note_change('job.put', name);
    RETURN wanted.revision;
END $$;

-- Stops a job from becoming due. False if it was paused already.
CREATE FUNCTION __schema__.pause_job(name text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    job constant __schema__.jobs := __schema__.live_job(name);
BEGIN
    IF job.paused THEN
        RETURN false;
    END IF;
    UPDATE __schema__.jobs AS j
    SET paused = true, updated_at = now(), revision = j.revision + 1,
        -- Nobody has planned since the last pause: what was missed in that one is still to be told.
        paused_at = CASE WHEN j.resumed_at IS NULL OR j.next_due IS NOT NULL THEN now() ELSE j.paused_at END
    WHERE j.name = job.name;
    PERFORM __schema__.note_change('job.paused', job.name);
    RETURN true;
END $$;

-- Lets a paused job become due again. False if it was not paused.
CREATE FUNCTION __schema__.resume_job(name text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    job constant __schema__.jobs := __schema__.live_job(name);
BEGIN
    IF NOT job.paused THEN
        RETURN false;
    END IF;
    -- The owner plans anew: the misfire policy decides about what was missed.
    UPDATE __schema__.jobs AS j
    SET paused = false, resumed_at = now(), updated_at = now(), revision = j.revision + 1, next_due = NULL
    WHERE j.name = job.name;
    PERFORM __schema__.note_change('job.resumed', job.name);
    RETURN true;
END $$;

-- Runs a job once now, whether it is paused or not. Returns the run's ID.
--
-- It is never left out: it runs beside what there is of the job if the job allows overlaps, otherwise after it. With
-- the overlap policy `cancel-running` that is cancelled, as by an occurrence.
CREATE FUNCTION __schema__.trigger_job(name text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    job constant __schema__.jobs := __schema__.live_job(name);
    added bigint;
BEGIN
    IF job.overlap = 'cancel-running' THEN
        PERFORM __schema__.assert_read_committed();
        PERFORM pg_advisory_xact_lock_shared(__schema__.cancel_gate());
        IF __schema__.cancel_live(job.name) THEN
            PERFORM pg_notify(__schema__.wake_channel(), '');
        END IF;
    END IF;
    INSERT INTO __schema__.work (
        backoff_base_ms, backoff_max_ms, timeout_ms, max_attempts, priority, kind, topic, payload, job_name,
        ordering_key, retry, retry_for_ms, retry_until, limit_key)
    VALUES (
        job.backoff_base_ms, job.backoff_max_ms, job.timeout_ms, job.max_attempts, job.priority, 'job', job.topic,
        job.payload, job.name, __schema__.job_key(job), job.retry, job.retry_for_ms,
        __schema__.retry_limit(now(), job.retry_for_ms), job.limit_key)
    RETURNING id INTO added;
    PERFORM __schema__.wake(now());
    RETURN added;
END $$;

-- Deletes a job and cancels what has not started of it; history stays, and so does the memory of what has run.
CREATE FUNCTION __schema__.delete_job(name text) RETURNS boolean LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off
AS $$
DECLARE
    job constant __schema__.jobs := __schema__.live_job(name);
    pending bigint;
BEGIN
    UPDATE __schema__.jobs AS j
    SET deleted_at = now(), updated_at = now(), next_due = NULL, calendar = NULL, revision = j.revision + 1
    WHERE j.name = job.name;
    FOR pending IN SELECT w.id FROM __schema__.work AS w WHERE w.job_name = job.name ORDER BY w.id LOOP
        PERFORM __schema__.cancel_work(pending, '{job}', 'job_deleted');
    END LOOP;
    PERFORM __schema__.note_change('job.deleted', job.name);
    RETURN true;
END $$;
