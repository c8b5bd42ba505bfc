-- What handlers use while they run: transactions that complete their run, the predicate by which other transactions
-- fence themselves, and progress.
--
-- SQLSTATEs besides those of 0002_ownership.sql:
--   TN020  the handler ended the transaction that it was given

-- Begins the transaction of a handler: checks its claim early, so that a handler without one does not start, and bounds
-- what the session may hold and for how long. The check that counts is the one at the end.
CREATE FUNCTION __schema__.begin_handling(
    batch uuid, id bigint, idle_ms bigint, statement_ms bigint
) RETURNS void LANGUAGE plpgsql AS $$
#variable_conflict use_variable
BEGIN
    PERFORM __schema__.assert_read_committed();
    IF NOT EXISTS (SELECT FROM __schema__.claims AS c WHERE c.batch = begin_handling.batch AND id = ANY (c.ids)) THEN
        RAISE EXCEPTION 'claim % does not stand', batch USING ERRCODE = 'TN002';
    END IF;
    -- Until the end of the transaction. A process that was stopped in the middle of it must not keep its locks.
    PERFORM set_config('idle_in_transaction_session_timeout', idle_ms || 'ms', true),
        set_config('statement_timeout', statement_ms || 'ms', true),
        set_config('tenure.handling', batch || '/' || id, true);
END $$;

-- Completes a run inside the transaction of its handler; to be sent in one flush with the commit. Raises unless the
-- claim stands, the row is there, and the transaction is still the one that was begun.
CREATE FUNCTION __schema__.complete_handling(
    batch uuid, id bigint, started timestamptz, output jsonb, progress jsonb
) RETURNS void LANGUAGE plpgsql AS $$
#variable_conflict use_variable
BEGIN
    IF current_setting('tenure.handling', true) IS DISTINCT FROM batch || '/' || id THEN
        RAISE EXCEPTION 'the handler ended the transaction that it was given'
            USING ERRCODE = 'TN020', HINT = 'What it wrote may be committed without its run being completed.';
    END IF;
    IF output IS NULL AND progress IS NULL THEN
        PERFORM __schema__.settle_completed(
            batch, ARRAY[id], ARRAY[started], ARRAY[clock_timestamp()], strict => true);
    ELSIF __schema__.settle(
        batch, ARRAY[id], '{completed}', ARRAY[started], ARRAY[clock_timestamp()], '{0}', '{NULL}', '{NULL}',
        ARRAY[output], ARRAY[progress]) <> 1
    THEN
        RAISE EXCEPTION 'the row of run % was not there to complete', id USING ERRCODE = 'TN004';
    END IF;
END $$;

-- What became of a completion whose answer was lost: `completed`, `open` (the claim still names the run, so that
-- whoever settles it first decides), or `gone`. Waits for a completion under way.
CREATE FUNCTION __schema__.handling_outcome(batch uuid, id bigint) RETURNS text LANGUAGE plpgsql
SET lock_timeout = '5s' AS $$
#variable_conflict use_variable
BEGIN
    PERFORM FROM __schema__.claims AS c WHERE c.batch = handling_outcome.batch FOR UPDATE;
    IF EXISTS (SELECT FROM __schema__.claims AS c WHERE c.batch = handling_outcome.batch AND id = ANY (c.ids)) THEN
        RETURN 'open';
    ELSIF EXISTS (
        SELECT FROM __schema__.runs AS r WHERE r.run_id = handling_outcome.id AND r.state = 'completed')
    THEN
        RETURN 'completed';
    END IF;
    RETURN 'gone';
END $$;

-- Whether a claim of this epoch names the run, at this moment. A look only: it may be revoked the next moment.
CREATE FUNCTION __schema__.is_claim_current(run_id bigint, epoch bigint) RETURNS boolean LANGUAGE sql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT EXISTS (SELECT FROM __schema__.claims AS c WHERE c.epoch = $2 AND $1 = ANY (c.ids))
$$;

-- The fence for a handler's own transaction, on any connection: raises unless a claim of this epoch names the run, and
-- keeps the claim from being revoked until the transaction ends. To be called last, right before the commit, for which
-- there are 2 s: settling the same claim waits meanwhile.
--
-- The lock comes with the read, and what waits for a revocation reads again: a snapshot alone would let a write commit
-- whose claim was revoked after it was taken. Hence READ COMMITTED only.
CREATE FUNCTION __schema__.assert_claim(run_id bigint, epoch bigint) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
    PERFORM __schema__.assert_read_committed();
    PERFORM FROM __schema__.claims AS c
    WHERE c.epoch = assert_claim.epoch AND run_id = ANY (c.ids) FOR KEY SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no claim of epoch % names run %', epoch, run_id
            USING ERRCODE = 'TN002', HINT = 'The run is somebody else''s by now: roll back, and end.';
    END IF;
    PERFORM set_config('idle_in_transaction_session_timeout', '2s', true);
END $$;

-- Stores how far runs say that they are. Those that no claim of the epoch names are passed over. Returns how many were
-- stored.
CREATE FUNCTION __schema__.report_progress(ids bigint[], epochs bigint[], progress jsonb[]) RETURNS integer
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off
AS $$
#variable_conflict use_variable
DECLARE
    stored integer;
BEGIN
    INSERT INTO __schema__.progress AS p (run_id, attempt, progress)
    SELECT w.id, w.attempts + 1, o.progress
    FROM unnest(ids, epochs, progress) AS o (id, epoch, progress)
    JOIN __schema__.work AS w ON w.id = o.id
    WHERE o.progress IS NOT NULL AND EXISTS (
        SELECT FROM __schema__.claims AS c WHERE c.epoch = o.epoch AND o.id = ANY (c.ids))
    ON CONFLICT (run_id) DO UPDATE
        SET attempt = excluded.attempt, progress = excluded.progress, reported_at = excluded.reported_at;
    GET DIAGNOSTICS stored = ROW_COUNT;
    RETURN stored;
END $$;

-- Stores how far one run says that it is; the form for handlers in other languages. False if its claim is gone.
CREATE FUNCTION __schema__.report_progress(run_id bigint, epoch bigint, progress jsonb) RETURNS boolean LANGUAGE sql
AS $$
    SELECT __schema__.report_progress(ARRAY[run_id], ARRAY[epoch], ARRAY[progress]) = 1
$$;

-- Forgets the progress of what ended without an attempt, e.g. because it was cancelled.
CREATE FUNCTION __schema__.forget_progress() RETURNS void LANGUAGE sql AS $$
    DELETE FROM __schema__.progress AS p
    WHERE NOT EXISTS (SELECT FROM __schema__.work AS w WHERE w.id = p.run_id)
$$;
