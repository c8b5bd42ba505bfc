-- What has a retention: partitions that are made ahead, and dropped when they are old.
--
--   runs           a partition a day (UTC)
--   dead_letters   a partition a week (UTC, from Monday)
--   inbox          three partitions in a ring, of which the oldest is emptied
--
-- Locks wait briefly only: behind a waiting lock on one of these tables every completion or receipt would queue. What
-- could not be had this time is tried at the next call.

-- Creates the partition that begins at an instant, unless it is there. Whether it created one; NULL if a lock was not
-- to be had.
--
-- It is filled from the default partition before it is attached.
CREATE FUNCTION __schema__.add_partition(parent text, key text, starts timestamp, span interval) RETURNS boolean
LANGUAGE plpgsql
SET lock_timeout = '100ms'
AS $$
DECLARE
    partition constant text := parent || '_' || to_char(starts, 'YYYYMMDD');
    lower_bound constant timestamptz := starts AT TIME ZONE 'UTC';
    upper_bound constant timestamptz := (starts + span) AT TIME ZONE 'UTC';
BEGIN
    IF to_regclass('__schema__.' || partition) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format(
        'CREATE TABLE __schema__.%I (LIKE __schema__.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', partition, parent);
    EXECUTE format(
        'WITH late AS (
            DELETE FROM __schema__.%1$I WHERE %2$I >= %3$L AND %2$I < %4$L RETURNING *)
         INSERT INTO __schema__.%5$I SELECT * FROM late',
        parent || '_default', key, lower_bound, upper_bound, partition);
    EXECUTE format(
        'ALTER TABLE __schema__.%I ATTACH PARTITION __schema__.%I FOR VALUES FROM (%L) TO (%L)',
        parent, partition, lower_bound, upper_bound);
    RETURN true;
EXCEPTION WHEN lock_not_available THEN
    RETURN NULL;
END $$;

-- Creates the partitions of history from yesterday to some days ahead, and of dead letters for this week and the next.
-- Returns how many it created.
CREATE FUNCTION __schema__.ensure_partitions(days_ahead integer DEFAULT 7) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    today constant timestamp := date_trunc('day', clock_timestamp() AT TIME ZONE 'UTC');
    is_new boolean;
    created integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('tenure __schema__ partitions', 0));
    FOR days IN -1..days_ahead LOOP
        is_new := __schema__.add_partition('runs', 'finished_at', today + days * interval '1 day', '1 day');
        EXIT WHEN is_new IS NULL;
        created := created + is_new::integer;
    END LOOP;
    FOR weeks IN 0..1 LOOP
        is_new := __schema__.add_partition(
            'dead_letters', 'failed_at', date_trunc('week', today) + weeks * interval '7 days', '7 days');
        EXIT WHEN is_new IS NULL;
        created := created + is_new::integer;
    END LOOP;
    RETURN created;
END $$;

-- The partitions by time of a table that ended before an instant, the oldest first.
CREATE FUNCTION __schema__.ended_partitions(parent text, span interval, before timestamptz) RETURNS SETOF name
LANGUAGE sql STABLE AS $$
    SELECT c.relname FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
    WHERE i.inhparent = to_regclass('__schema__.' || parent) AND c.relname ~ ('^' || parent || '_[0-9]{8}$')
        AND (to_date(right(c.relname, 8), 'YYYYMMDD')::timestamp + span) AT TIME ZONE 'UTC' < before
    ORDER BY c.relname
$$;

-- Drops a partition, unless somebody uses it. With `if_empty`, also unless something is left in it.
CREATE FUNCTION __schema__.drop_partition(partition name, if_empty boolean DEFAULT false) RETURNS boolean
LANGUAGE plpgsql
SET lock_timeout = '100ms'
AS $$
DECLARE
    is_needed boolean := false;
BEGIN
    IF if_empty THEN
        EXECUTE format('LOCK TABLE __schema__.%I IN ACCESS EXCLUSIVE MODE', partition);
        EXECUTE format('SELECT EXISTS (SELECT FROM __schema__.%I)', partition) INTO is_needed;
    END IF;
    IF NOT is_needed THEN
        EXECUTE format('DROP TABLE __schema__.%I', partition);
    END IF;
    RETURN NOT is_needed;
EXCEPTION WHEN lock_not_available THEN
    RETURN false;
END $$;

-- Drops history that ended longer ago than the retention, by whole days. Returns how many partitions.
CREATE FUNCTION __schema__.drop_partitions(retention interval) RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FILTER (WHERE __schema__.drop_partition(p))
    FROM __schema__.ended_partitions('runs', '1 day', clock_timestamp() - retention) AS p
$$;

-- Drops dead letters that failed longer ago than the retention, by whole weeks; with NULL none. Weeks of which nothing
-- is left go in any case. Returns how many partitions.
CREATE FUNCTION __schema__.drop_dead_letters(retention interval) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    partition name;
    lost bigint;
    dropped bigint := 0;
BEGIN
    FOR partition IN
        SELECT p FROM __schema__.ended_partitions('dead_letters', '7 days', clock_timestamp() - retention) AS p
    LOOP
        EXECUTE format('SELECT count(*) FROM __schema__.%I', partition) INTO lost;
        CONTINUE WHEN NOT __schema__.drop_partition(partition);
        dropped := dropped + 1;
        -- Work that was never done: who looks for it finds when it went.
        INSERT INTO __schema__.changes (what, name, count) VALUES ('dead_letters.expired', partition, lost);
    END LOOP;
    DELETE FROM __schema__.dead_letters_default AS d WHERE d.failed_at < clock_timestamp() - retention;
    -- An attempt that ends is recorded a day late at most.
    RETURN dropped + (
        SELECT count(*) FILTER (WHERE __schema__.drop_partition(p, if_empty => true))
        FROM __schema__.ended_partitions('dead_letters', '7 days', clock_timestamp() - interval '2 days') AS p);
END $$;

-- Turns the ring of the inbox, if the newest partition has been that for half of the retention, and all that the oldest
-- one holds was received before it: that one is emptied, and is the newest from now on. Whether it turned.
CREATE FUNCTION __schema__.turn_inbox(retention interval) RETURNS boolean LANGUAGE plpgsql
SET lock_timeout = '100ms'
AS $$
DECLARE
    ring __schema__.inbox_ring;
    next smallint;
BEGIN
    SELECT r.* INTO STRICT ring FROM __schema__.inbox_ring AS r;
    -- What the oldest one holds was received before the one after it became the newest.
    IF ring.since >= clock_timestamp() - retention / 2 OR ring.previous_since >= clock_timestamp() - retention
        OR NOT EXISTS (SELECT FROM __schema__.inbox)
        -- Nobody waits behind this lock: it is had at once or not at all.
        OR NOT pg_try_advisory_xact_lock(__schema__.inbox_gate())
    THEN
        RETURN false;
    END IF;
    next := (ring.newest + 1) % 3;
    EXECUTE format('TRUNCATE __schema__.%I', 'inbox_' || next);
    UPDATE __schema__.inbox_ring AS r
    SET newest = next, since = clock_timestamp(), previous_since = r.since
    WHERE r.newest = ring.newest;
    RETURN true;
EXCEPTION WHEN lock_not_available THEN
    RETURN false;
END $$;

-- Deletes the oldest changes, some thousand at most: the rest goes at the next call. There are few, and the owner
-- looks for new ones at every pass, for which one small table is best.
CREATE FUNCTION __schema__.forget_changes(retention interval) RETURNS void LANGUAGE sql AS $$
    -- A day is longer than any owner goes without reading them.
    DELETE FROM __schema__.changes AS c
    WHERE c.id IN (
        SELECT d.id FROM __schema__.changes AS d
        WHERE d.at < now() - greatest(retention, interval '1 day')
        ORDER BY d.id LIMIT 5000)
$$;

-- What an owner does now and then. Dead letters are kept for good where their retention is NULL.
CREATE FUNCTION __schema__.maintain(
    epoch bigint, runs_retention interval, dead_letters_retention interval, inbox_retention interval,
    changes_retention interval
) RETURNS void LANGUAGE plpgsql AS $$
#variable_conflict use_variable
BEGIN
    PERFORM __schema__.assert_epoch(epoch);
    PERFORM __schema__.ensure_partitions();
    PERFORM __schema__.drop_partitions(runs_retention);
    DELETE FROM __schema__.runs_default AS r WHERE r.finished_at < now() - runs_retention;
    PERFORM __schema__.drop_dead_letters(dead_letters_retention);
    PERFORM __schema__.forget_changes(changes_retention);
    DELETE FROM __schema__.unique_keys AS k WHERE k.unique_key IN (
        SELECT o.unique_key FROM __schema__.unique_keys AS o WHERE o.until <= now()
        ORDER BY o.until LIMIT 5000 FOR UPDATE SKIP LOCKED);
    PERFORM __schema__.forget_leases();
    PERFORM __schema__.forget_progress();
    PERFORM __schema__.forget_groups(greatest(runs_retention, interval '30 days'));
    DELETE FROM __schema__.fan_outs AS f WHERE f.finished_at < now() - greatest(runs_retention, interval '30 days');
    -- Last: receipts wait for it from here on.
    PERFORM __schema__.turn_inbox(inbox_retention);
END $$;

SELECT __schema__.ensure_partitions();
