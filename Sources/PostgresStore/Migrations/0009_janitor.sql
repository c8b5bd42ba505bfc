-- Partitions of the history, and what else has a retention.

-- Creates the partitions from yesterday to some days ahead. Returns how many it created.
--
-- A partition is filled from the default one before it is attached. Locks wait briefly only: behind a waiting lock on
-- `runs` every completion would queue. What could not be had this time is tried at the next call.
CREATE FUNCTION __schema__.ensure_partitions(days_ahead integer DEFAULT 7) RETURNS integer LANGUAGE plpgsql
SET lock_timeout = '100ms'
AS $$
DECLARE
    today constant timestamp := date_trunc('day', clock_timestamp() AT TIME ZONE 'UTC');
    day timestamp;
    partition text;
    created integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('tenure __schema__ partitions', 0));
    FOR offset_days IN -1..days_ahead LOOP
        day := today + offset_days * interval '1 day';
        partition := 'runs_' || to_char(day, 'YYYYMMDD');
        CONTINUE WHEN to_regclass('__schema__.' || partition) IS NOT NULL;
        BEGIN
            EXECUTE format('CREATE TABLE __schema__.%I (LIKE __schema__.runs INCLUDING DEFAULTS)', partition);
            EXECUTE format(
                'WITH late AS (
                    DELETE FROM __schema__.runs_default WHERE finished_at >= %L AND finished_at < %L RETURNING *)
                 INSERT INTO __schema__.%I SELECT * FROM late',
                day AT TIME ZONE 'UTC', (day + interval '1 day') AT TIME ZONE 'UTC', partition);
            EXECUTE format(
                'ALTER TABLE __schema__.runs ATTACH PARTITION __schema__.%I FOR VALUES FROM (%L) TO (%L)',
                partition, day AT TIME ZONE 'UTC', (day + interval '1 day') AT TIME ZONE 'UTC');
            created := created + 1;
        EXCEPTION WHEN lock_not_available THEN
            RETURN created;
        END;
    END LOOP;
    RETURN created;
END $$;

-- Drops the partitions that ended longer ago than the retention. Returns how many.
CREATE FUNCTION __schema__.drop_partitions(retention interval) RETURNS integer LANGUAGE plpgsql
SET lock_timeout = '100ms'
AS $$
DECLARE
    partition name;
    dropped integer := 0;
BEGIN
    FOR partition IN
        SELECT c.relname FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
        WHERE i.inhparent = '__schema__.runs'::regclass AND c.relname ~ '^runs_[0-9]{8}$'
            AND (to_date(right(c.relname, 8), 'YYYYMMDD') + 1)::timestamp AT TIME ZONE 'UTC'
                < clock_timestamp() - retention
        ORDER BY c.relname
    LOOP
        BEGIN
            EXECUTE format('DROP TABLE __schema__.%I', partition);
            dropped := dropped + 1;
        EXCEPTION WHEN lock_not_available THEN
            RETURN dropped;
        END;
    END LOOP;
    RETURN dropped;
END $$;

-- What an owner does now and then. Messages that were received are remembered for at least 30 days.
CREATE FUNCTION __schema__.maintain(epoch bigint, retention interval) RETURNS void LANGUAGE plpgsql AS $$
#variable_conflict use_variable
BEGIN
    PERFORM __schema__.assert_epoch(epoch);
    PERFORM __schema__.ensure_partitions();
    PERFORM __schema__.drop_partitions(retention);
    DELETE FROM __schema__.runs_default AS r WHERE r.finished_at < now() - retention;
    DELETE FROM __schema__.inbox AS i WHERE i.received_at < now() - greatest(retention, interval '30 days');
    -- A day is longer than any owner goes without reading them.
    DELETE FROM __schema__.changes AS c WHERE c.at < now() - greatest(retention, interval '1 day');
    PERFORM __schema__.forget_leases();
    PERFORM __schema__.forget_progress();
    PERFORM __schema__.forget_groups(greatest(retention, interval '30 days'));
    DELETE FROM __schema__.fan_outs AS f WHERE f.finished_at < now() - greatest(retention, interval '30 days');
END $$;

SELECT __schema__.ensure_partitions();
