-- Leases and semaphores of users, by the database's clock.
--
--   TN007  the lease or the permit is not held under this token
--
-- A lease is free, or held by one holder until it expires. What guards a write is not the time but the token: each
-- acquisition gives a greater one, and `assert_lease` keeps the next one out until its transaction ends. A holder's
-- name stands for one attempt, such as a UUID: who asks again with it is taken for the same one, whose reply was lost.

-- Never goes back, so that a lease whose row was deleted meanwhile goes on above its old tokens.
CREATE SEQUENCE __schema__.lease_tokens;

CREATE SEQUENCE __schema__.lease_places;

CREATE TABLE __schema__.leases (
    name text COLLATE "C" PRIMARY KEY,
    token bigint NOT NULL DEFAULT 0,
    holder text,
    acquired_at timestamptz,
    -- When it ends or, if it has no holder, when it ended.
    expires_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE __schema__.semaphores (
    name text COLLATE "C" PRIMARY KEY,
    -- As the last caller gave it, for people.
    permits_limit integer NOT NULL,
    used_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE __schema__.permits (
    name text COLLATE "C" NOT NULL,
    token bigint NOT NULL,
    holder text NOT NULL,
    acquired_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (name, token)
);

-- Who waits, in the order of arrival. A place that is not renewed expires: its waiter is gone.
CREATE TABLE __schema__.lease_waiters (
    kind text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    holder text COLLATE "C" NOT NULL,
    place bigint NOT NULL DEFAULT nextval('__schema__.lease_places'),
    kept_until timestamptz NOT NULL,
    PRIMARY KEY (kind, name, holder),
    CONSTRAINT lease_waiters_kind CHECK (kind IN ('lease', 'permit'))
);

CREATE FUNCTION __schema__.check_lease(name text, holder text, duration interval, place interval DEFAULT NULL)
RETURNS void LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF name IS NULL OR name !~ '^[!-~]{1,200}$' THEN
        RAISE EXCEPTION 'the name % is not valid', coalesce(quote_literal(name), 'NULL')
            USING ERRCODE = '22023',
                HINT = 'Use 1 to 200 printable ASCII characters without spaces, such as nightly-export.';
    END IF;
    IF holder IS NULL OR length(holder) NOT BETWEEN 1 AND 200 THEN
        RAISE EXCEPTION 'a holder of % characters is not valid', coalesce(length(holder)::text, 'NULL')
            USING ERRCODE = '22023',
                HINT = 'Use 1 to 200 characters that nobody else uses, such as gen_random_uuid()::text.';
    END IF;
    PERFORM __schema__.check_lease_duration(duration);
    IF place NOT BETWEEN interval '10 milliseconds' AND interval '1 hour' THEN
        RAISE EXCEPTION 'the time % for a place among the waiters is out of range', place
            USING ERRCODE = '22023', HINT = 'Use 10 milliseconds to 1 hour, and ask again sooner; NULL to not wait.';
    END IF;
END $$;

CREATE FUNCTION __schema__.check_lease_duration(duration interval) RETURNS void LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF duration IS NULL OR duration NOT BETWEEN interval '10 milliseconds' AND interval '7 days' THEN
        RAISE EXCEPTION 'the duration % is out of range', coalesce(duration::text, 'NULL')
            USING ERRCODE = '22023', HINT = 'Use 10 milliseconds to 7 days, and renew at a third of it.';
    END IF;
END $$;

-- The next token, above `floor`. It must be on disk before anybody acts on it: a crash would give it again.
CREATE FUNCTION __schema__.next_lease_token(floor bigint) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('synchronous_commit') = 'off' THEN
        PERFORM set_config('synchronous_commit', 'local', true);
    END IF;
    RETURN greatest(nextval('__schema__.lease_tokens'), floor + 1);
END $$;

-- Takes or keeps a place among the waiters. One that had expired is lost, and the new one is at the end.
CREATE FUNCTION __schema__.keep_place(kind text, name text, holder text, keep interval) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO __schema__.lease_waiters AS w (kind, name, holder, kept_until)
    VALUES (keep_place.kind, keep_place.name, keep_place.holder, clock_timestamp() + keep)
    ON CONFLICT ON CONSTRAINT lease_waiters_pkey DO UPDATE
    SET kept_until = greatest(w.kept_until, excluded.kept_until),
        place = CASE WHEN w.kept_until > clock_timestamp() THEN w.place ELSE excluded.place END
$$;

-- How many wait before a holder, who may not wait at all. Those that are gone are forgotten.
CREATE FUNCTION __schema__.waiters_ahead(kind text, name text, holder text) RETURNS integer LANGUAGE plpgsql
SET enable_seqscan = off
AS $$
#variable_conflict use_variable
DECLARE
    own bigint;
BEGIN
    DELETE FROM __schema__.lease_waiters AS w
    WHERE w.kind = waiters_ahead.kind AND w.name = waiters_ahead.name AND w.kept_until <= clock_timestamp();
    SELECT w.place INTO own FROM __schema__.lease_waiters AS w
    WHERE w.kind = waiters_ahead.kind AND w.name = waiters_ahead.name AND w.holder = waiters_ahead.holder;
    RETURN (
        SELECT count(*) FROM __schema__.lease_waiters AS w
        WHERE w.kind = waiters_ahead.kind AND w.name = waiters_ahead.name AND (own IS NULL OR w.place < own));
END $$;

-- Gives a place among the waiters up.
CREATE FUNCTION __schema__.leave_place(kind text, name text, holder text) RETURNS void LANGUAGE sql AS $$
    DELETE FROM __schema__.lease_waiters AS w
    WHERE w.kind = leave_place.kind AND w.name = leave_place.name AND w.holder = leave_place.holder
$$;

-- Acquires a lease, or tells how things are. `token` is NULL when it is not to be had now; `free_in` then says when it
-- expires, if it is held, and `ahead` how many wait before this holder.
--
-- With `place` the holder waits its turn: it has to ask again within that time. Nobody overtakes those that wait.
--
-- The row's lock comes first, the clock is read after it. It is the strongest lock, which waits for the transactions
-- that asserted the lease; a lock that is not to be had soon means that the lease is not either.
CREATE FUNCTION __schema__.try_lease(
    name text, holder text, duration interval, place interval DEFAULT NULL,
    OUT token bigint, OUT expires_at timestamptz, OUT free_in interval, OUT ahead integer
) LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off SET lock_timeout = '300ms'
AS $$
#variable_conflict use_variable
DECLARE
    present __schema__.leases;
    instant timestamptz;
BEGIN
    PERFORM __schema__.check_lease(name, holder, duration, place);
    PERFORM __schema__.assert_read_committed();
    BEGIN
        LOOP
            SELECT * INTO present FROM __schema__.leases AS l WHERE l.name = try_lease.name FOR UPDATE;
            EXIT WHEN FOUND;
            -- There was none yet, or the upkeep deletes it.
            INSERT INTO __schema__.leases (name) VALUES (try_lease.name) ON CONFLICT DO NOTHING;
        END LOOP;
    EXCEPTION WHEN lock_not_available THEN
        ahead := 0;
        IF place IS NOT NULL THEN
            PERFORM __schema__.keep_place('lease', name, holder, place);
        END IF;
        RETURN;
    END;
    instant := clock_timestamp();
    ahead := __schema__.waiters_ahead('lease', name, holder);
    IF present.holder IS NOT NULL AND present.expires_at > instant THEN
        IF present.holder = holder THEN
            token := present.token;
            expires_at := greatest(present.expires_at, instant + duration);
            UPDATE __schema__.leases AS l SET expires_at = try_lease.expires_at WHERE l.name = try_lease.name;
        ELSE
            free_in := present.expires_at - instant;
        END IF;
    ELSIF ahead = 0 THEN
        token := __schema__.next_lease_token(present.token);
        expires_at := instant + duration;
        UPDATE __schema__.leases AS l
        SET token = try_lease.token, holder = try_lease.holder, acquired_at = instant,
            expires_at = try_lease.expires_at
        WHERE l.name = try_lease.name;
    END IF;
    IF token IS NOT NULL THEN
        PERFORM __schema__.leave_place('lease', name, holder);
    ELSIF place IS NOT NULL THEN
        PERFORM __schema__.keep_place('lease', name, holder, place);
    END IF;
END $$;

-- Acquires a lease: its token and when it expires, or no row when it is not to be had now.
--
-- To wait, ask again and again, each time within `place` (such as '2 seconds') of the last: then it is had in the order
-- of arrival. Asking again while holding it prolongs it under the same token.
CREATE FUNCTION __schema__.acquire_lease(
    name text, holder text, duration interval DEFAULT '30 seconds', place interval DEFAULT NULL
) RETURNS TABLE (token bigint, expires_at timestamptz) LANGUAGE sql AS $$
    SELECT t.token, t.expires_at
    FROM __schema__.try_lease(acquire_lease.name, acquire_lease.holder, duration, acquire_lease.place) AS t
    WHERE t.token IS NOT NULL
$$;

-- Prolongs a lease, never shortens it. False when it is not held under this token any more: it is lost.
CREATE FUNCTION __schema__.renew_lease(name text, token bigint, duration interval DEFAULT '30 seconds')
RETURNS boolean LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off
AS $$
BEGIN
    PERFORM __schema__.check_lease_duration(duration);
    UPDATE __schema__.leases AS l
    SET expires_at = greatest(l.expires_at, clock_timestamp() + duration)
    WHERE l.name = renew_lease.name AND l.token = renew_lease.token AND l.holder IS NOT NULL
        AND l.expires_at > clock_timestamp();
    RETURN FOUND;
END $$;

-- Ends a lease. False when it was not held under this token any more.
CREATE FUNCTION __schema__.release_lease(name text, token bigint) RETURNS boolean LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off
AS $$
BEGIN
    UPDATE __schema__.leases AS l
    SET holder = NULL, expires_at = least(l.expires_at, clock_timestamp())
    WHERE l.name = release_lease.name AND l.token = release_lease.token AND l.holder IS NOT NULL
        AND l.expires_at > clock_timestamp();
    RETURN FOUND;
END $$;

-- Gives up waiting, and what may have been got meanwhile: for a holder that does not know the outcome.
CREATE FUNCTION __schema__.withdraw_lease(name text, holder text) RETURNS void LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off
AS $$
BEGIN
    -- First the lease's row, as everywhere.
    UPDATE __schema__.leases AS l
    SET holder = NULL, expires_at = least(l.expires_at, clock_timestamp())
    WHERE l.name = withdraw_lease.name AND l.holder = withdraw_lease.holder;
    PERFORM __schema__.leave_place('lease', withdraw_lease.name, withdraw_lease.holder);
END $$;

-- The token under which a lease is held now; NULL when nobody holds it.
CREATE FUNCTION __schema__.lease_token(name text) RETURNS bigint LANGUAGE sql VOLATILE AS $$
    SELECT l.token FROM __schema__.leases AS l
    WHERE l.name = lease_token.name AND l.holder IS NOT NULL AND l.expires_at > clock_timestamp()
$$;

-- Raises TN007 unless a lease is held under this token, and lets nobody else have it before the transaction ends.
--
-- It raises, because a check that merely matches no row lets the other writes of the transaction through. The row's
-- lock is one that lets its holder renew and release meanwhile, and no other acquire.
CREATE FUNCTION __schema__.assert_lease(name text, token bigint) RETURNS void LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off
AS $$
BEGIN
    PERFORM __schema__.assert_read_committed();
    PERFORM FROM __schema__.leases AS l
    WHERE l.name = assert_lease.name AND l.token = assert_lease.token AND l.holder IS NOT NULL
        AND l.expires_at > clock_timestamp()
    FOR KEY SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the lease % is not held under the token %',
            coalesce(quote_literal(name), 'NULL'), coalesce(token::text, 'NULL')
            USING ERRCODE = 'TN007', HINT = 'It expired, was released, or is another''s now: write nothing.';
    END IF;
END $$;

-- Acquires a permit, or tells how things are, as `try_lease` does. `permits_limit` is the caller's own: it gets one
-- only while fewer are held.
CREATE FUNCTION __schema__.try_permit(
    name text, permits_limit integer, holder text, duration interval, place interval DEFAULT NULL,
    OUT token bigint, OUT expires_at timestamptz, OUT free_in interval, OUT ahead integer
) LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off SET lock_timeout = '300ms'
AS $$
#variable_conflict use_variable
DECLARE
    instant timestamptz;
    held integer;
    first_end timestamptz;
BEGIN
    PERFORM __schema__.check_lease(name, holder, duration, place);
    PERFORM __schema__.assert_read_committed();
    IF permits_limit IS NULL OR permits_limit NOT BETWEEN 1 AND 10000 THEN
        RAISE EXCEPTION 'the limit % is out of range', coalesce(permits_limit::text, 'NULL')
            USING ERRCODE = '22023', HINT = 'Use 1 to 10000 permits.';
    END IF;
    BEGIN
        LOOP
            PERFORM FROM __schema__.semaphores AS s WHERE s.name = try_permit.name FOR UPDATE;
            EXIT WHEN FOUND;
            INSERT INTO __schema__.semaphores (name, permits_limit) VALUES (try_permit.name, try_permit.permits_limit)
            ON CONFLICT DO NOTHING;
        END LOOP;
        instant := clock_timestamp();
        -- An expired one that a transaction asserts is still out, and is waited for by nobody.
        DELETE FROM __schema__.permits AS p WHERE p.name = try_permit.name AND p.token IN (
            SELECT e.token FROM __schema__.permits AS e
            WHERE e.name = try_permit.name AND e.expires_at <= instant FOR UPDATE SKIP LOCKED);
    EXCEPTION WHEN lock_not_available THEN
        ahead := 0;
        IF place IS NOT NULL THEN
            PERFORM __schema__.keep_place('permit', name, holder, place);
        END IF;
        RETURN;
    END;
    ahead := __schema__.waiters_ahead('permit', name, holder);
    UPDATE __schema__.permits AS p SET expires_at = greatest(p.expires_at, instant + duration)
    WHERE p.name = try_permit.name AND p.holder = try_permit.holder AND p.expires_at > instant
    RETURNING p.token, p.expires_at INTO token, expires_at;
    IF token IS NULL THEN
        SELECT count(*), min(p.expires_at) INTO held, first_end
        FROM __schema__.permits AS p WHERE p.name = try_permit.name;
        IF held + ahead < permits_limit THEN
            token := __schema__.next_lease_token(0);
            expires_at := instant + duration;
            INSERT INTO __schema__.permits (name, token, holder, acquired_at, expires_at)
            VALUES (try_permit.name, try_permit.token, try_permit.holder, instant, try_permit.expires_at);
            UPDATE __schema__.semaphores AS s SET permits_limit = try_permit.permits_limit, used_at = instant
            WHERE s.name = try_permit.name;
        ELSIF held >= permits_limit THEN
            free_in := greatest(first_end - instant, interval '20 milliseconds');
        END IF;
    END IF;
    IF token IS NOT NULL THEN
        PERFORM __schema__.leave_place('permit', name, holder);
    ELSIF place IS NOT NULL THEN
        PERFORM __schema__.keep_place('permit', name, holder, place);
    END IF;
END $$;

-- Acquires one of a semaphore's permits: its token and when it expires, or no row when none is to be had now. Waiting
-- is as with `acquire_lease`.
CREATE FUNCTION __schema__.acquire_permit(
    name text, permits_limit integer, holder text, duration interval DEFAULT '30 seconds',
    place interval DEFAULT NULL
) RETURNS TABLE (token bigint, expires_at timestamptz) LANGUAGE sql AS $$
    SELECT t.token, t.expires_at
    FROM __schema__.try_permit(
        acquire_permit.name, acquire_permit.permits_limit, acquire_permit.holder, duration, acquire_permit.place) AS t
    WHERE t.token IS NOT NULL
$$;

-- Prolongs a permit, never shortens it. False when it is not held any more: it is lost.
CREATE FUNCTION __schema__.renew_permit(name text, token bigint, duration interval DEFAULT '30 seconds')
RETURNS boolean LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off
AS $$
BEGIN
    PERFORM __schema__.check_lease_duration(duration);
    UPDATE __schema__.permits AS p
    SET expires_at = greatest(p.expires_at, clock_timestamp() + duration)
    WHERE p.name = renew_permit.name AND p.token = renew_permit.token AND p.expires_at > clock_timestamp();
    RETURN FOUND;
END $$;

-- Gives a permit back. False when it was not held any more.
CREATE FUNCTION __schema__.release_permit(name text, token bigint) RETURNS boolean LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off
AS $$
BEGIN
    DELETE FROM __schema__.permits AS p
    WHERE p.name = release_permit.name AND p.token = release_permit.token AND p.expires_at > clock_timestamp();
    RETURN FOUND;
END $$;

-- The tokens of a semaphore's permits that are held now.
CREATE FUNCTION __schema__.permit_tokens(name text) RETURNS SETOF bigint LANGUAGE sql VOLATILE AS $$
    SELECT p.token FROM __schema__.permits AS p
    WHERE p.name = permit_tokens.name AND p.expires_at > clock_timestamp() ORDER BY p.token
$$;

-- Raises TN007 unless a permit is held under this token, and lets nobody else have it before the transaction ends: as
-- `assert_lease` does.
CREATE FUNCTION __schema__.assert_permit(name text, token bigint) RETURNS void LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off
AS $$
BEGIN
    PERFORM __schema__.assert_read_committed();
    PERFORM FROM __schema__.permits AS p
    WHERE p.name = assert_permit.name AND p.token = assert_permit.token AND p.expires_at > clock_timestamp()
    FOR KEY SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no permit of % is held under the token %',
            coalesce(quote_literal(name), 'NULL'), coalesce(token::text, 'NULL')
            USING ERRCODE = 'TN007', HINT = 'It expired or was released: write nothing.';
    END IF;
END $$;

-- Gives up waiting, and the permit that may have been got meanwhile.
CREATE FUNCTION __schema__.withdraw_permit(name text, holder text) RETURNS void LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off
AS $$
BEGIN
    -- First the semaphore's row, as everywhere.
    PERFORM FROM __schema__.semaphores AS s WHERE s.name = withdraw_permit.name FOR UPDATE;
    DELETE FROM __schema__.permits AS p WHERE p.name = withdraw_permit.name AND p.holder = withdraw_permit.holder;
    PERFORM __schema__.leave_place('permit', withdraw_permit.name, withdraw_permit.holder);
END $$;

-- Forgets leases and semaphores that nobody has held for a while, and waiters that are gone. Returns how many rows.
-- What is locked is in use, and left alone.
CREATE FUNCTION __schema__.forget_leases(unused_for interval DEFAULT '1 day') RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    instant constant timestamptz := clock_timestamp();
    forgotten bigint := 0;
    deleted bigint;
BEGIN
    DELETE FROM __schema__.leases AS l WHERE l.name IN (
        SELECT u.name FROM __schema__.leases AS u WHERE u.expires_at < instant - unused_for FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS deleted = ROW_COUNT;
    forgotten := forgotten + deleted;
    DELETE FROM __schema__.permits AS p WHERE (p.name, p.token) IN (
        SELECT u.name, u.token FROM __schema__.permits AS u WHERE u.expires_at < instant - unused_for
        FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS deleted = ROW_COUNT;
    forgotten := forgotten + deleted;
    DELETE FROM __schema__.semaphores AS s WHERE s.name IN (
        SELECT u.name FROM __schema__.semaphores AS u
        WHERE u.used_at < instant - unused_for
            AND NOT EXISTS (SELECT FROM __schema__.permits AS p WHERE p.name = u.name)
        FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS deleted = ROW_COUNT;
    forgotten := forgotten + deleted;
    DELETE FROM __schema__.lease_waiters AS w WHERE (w.kind, w.name, w.holder) IN (
        SELECT u.kind, u.name, u.holder FROM __schema__.lease_waiters AS u WHERE u.kept_until < instant - unused_for
        FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS deleted = ROW_COUNT;
    RETURN forgotten + deleted;
END $$;
