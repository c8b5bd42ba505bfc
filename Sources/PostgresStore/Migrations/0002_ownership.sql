-- Who may claim: the fence, and the locks that its readers and its writer take.
--
-- SQLSTATEs of this schema:
--   TN001  another epoch is installed
--   TN002  the claim does not stand
--   TN003  a lock of an older owner could not be had in time
--   TN004  other than exactly one row was there to complete
--   TN005  the transaction is not READ COMMITTED

-- Keys of the advisory locks, which are per database: the schema's name is part of each.
CREATE FUNCTION __schema__.fence_lock() RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN hashtextextended('tenure __schema__ fence', 0);

CREATE FUNCTION __schema__.wake_gate() RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN hashtextextended('tenure __schema__ wake', 0);

CREATE FUNCTION __schema__.cancel_gate() RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN hashtextextended('tenure __schema__ cancel', 0);

-- The channel on which enqueues wake the owner.
CREATE FUNCTION __schema__.wake_channel() RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 'tenure:' || btrim('__schema__', '"');

-- Raises unless the transaction is READ COMMITTED: what these functions guarantee rests on a new snapshot for each
-- statement.
CREATE FUNCTION __schema__.assert_read_committed() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
        RAISE EXCEPTION 'this needs a READ COMMITTED transaction, not %', current_setting('transaction_isolation')
            USING ERRCODE = 'TN005', HINT = 'Call it in a transaction of its own with the default isolation level.';
    END IF;
END $$;

-- Raises unless the caller's epoch is the installed one, and keeps it so until the transaction ends.
--
-- The lock comes first, the read in a second statement: its snapshot is then newer than any install that committed
-- before the lock was had. It raises, because a check that merely matches no row lets other writes of the transaction
-- through.
CREATE FUNCTION __schema__.assert_epoch(expected bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    installed bigint;
BEGIN
    PERFORM __schema__.assert_read_committed();
    PERFORM pg_advisory_xact_lock_shared(__schema__.fence_lock());
    SELECT f.epoch INTO STRICT installed FROM __schema__.fence AS f;
    IF installed IS DISTINCT FROM expected THEN
        RAISE EXCEPTION 'epoch % is not the installed epoch %', expected, installed USING ERRCODE = 'TN001';
    END IF;
END $$;

-- Installs a new owner, unless the epoch is not strictly greater than the installed one. Touches nothing but the fence.
--
-- Repeating it for the installed owner and epoch succeeds again (the reply may have been lost). Waits for the
-- transactions of the old owner that are under way, new ones queue behind it; one that has not ended after
-- `patience_ms` (its process is stopped or cut off) loses its session, if that carries our application name.
CREATE FUNCTION __schema__.take_ownership(
    epoch bigint, node text, incarnation text, patience_ms integer DEFAULT 200
) RETURNS TABLE (installed boolean, floor bigint, server_time timestamptz)
LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
    present __schema__.fence;
    key constant bigint := __schema__.fence_lock();
BEGIN
    PERFORM __schema__.assert_read_committed();
    -- Epochs only grow: one that is too low now stays so, and is refused without waiting for anybody.
    SELECT * INTO STRICT present FROM __schema__.fence AS f;
    IF epoch < present.epoch THEN
        installed := false;
        floor := present.epoch;
        server_time := clock_timestamp();
        RETURN NEXT;
        RETURN;
    END IF;
    PERFORM set_config('lock_timeout', greatest(patience_ms, 1)::text, true);
    FOR try IN 1..5 LOOP
        BEGIN
            PERFORM pg_advisory_xact_lock(key);
            EXIT;
        EXCEPTION WHEN lock_not_available THEN
            IF try = 5 THEN
                RAISE EXCEPTION 'the fence is still held by another session'
                    USING ERRCODE = 'TN003', HINT = 'See pg_locks for the advisory lock, and end its session.';
            END IF;
        END;
        PERFORM pg_terminate_backend(l.pid)
        FROM pg_locks AS l
        JOIN pg_stat_activity AS a ON a.pid = l.pid
        WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
            AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
            AND (l.classid::bigint << 32 | l.objid::bigint) = key
            AND l.pid <> pg_backend_pid()
            AND a.application_name LIKE 'tenure%';
    END LOOP;

    SELECT * INTO STRICT present FROM __schema__.fence AS f;
    IF epoch > present.epoch THEN
        UPDATE __schema__.fence AS f
        SET epoch = take_ownership.epoch, node = take_ownership.node, incarnation = take_ownership.incarnation,
            since = clock_timestamp();
        installed := true;
    ELSE
        installed := epoch = present.epoch AND node = present.node AND incarnation = present.incarnation;
    END IF;
    floor := greatest(present.epoch, CASE WHEN installed THEN epoch END);
    server_time := clock_timestamp();
    RETURN NEXT;
END $$;
