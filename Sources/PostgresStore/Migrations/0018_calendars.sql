-- Calendars: dates on which the jobs that name one do not run.

-- NULL if an entry of a calendar is valid, otherwise what is wrong with it.
CREATE FUNCTION __schema__.calendar_entry_problem(entry text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    ends date[] := '{}';
    part text;
BEGIN
    IF entry ~ '^(SUN|MON|TUE|WED|THU|FRI|SAT)$' THEN
        RETURN NULL;
    END IF;
    IF entry IS NULL OR entry !~ '^([0-9]{4}-[0-9]{2}-[0-9]{2}([.][.][0-9]{4}-[0-9]{2}-[0-9]{2})?|[0-9]{2}-[0-9]{2})$'
    THEN
        RETURN 'it is no date, range of dates, day of the year or day of the week';
    END IF;
    FOREACH part IN ARRAY string_to_array(entry, '..') LOOP
        -- A day of every year may be 29 February.
        part := CASE WHEN length(part) = 5 THEN '2000-' || part ELSE part END;
        ends := ends || make_date(left(part, 4)::integer, substr(part, 6, 2)::integer, right(part, 2)::integer);
    END LOOP;
    RETURN CASE WHEN ends[2] < ends[1] THEN 'the range ends before it starts' END;
EXCEPTION WHEN datetime_field_overflow THEN
    RETURN 'there is no such date';
END $$;

-- Creates or changes a calendar. Returns its revision, which grows with each change; putting the same again changes
-- nothing.
--
-- Each entry of `excluded` is a date (2026-12-25), a range of dates with both ends (2026-12-24..2026-12-31), a day of
-- every year (12-25) or a day of every week (SAT). They are dates of the given zone, or of the zone of each job.
CREATE FUNCTION __schema__.put_calendar(name text, excluded text[], time_zone text DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    entry text;
    problem text;
    present __schema__.calendars;
    changed bigint;
BEGIN
    IF put_calendar.name IS NULL OR put_calendar.name !~ '^[!-~]{1,100}$' THEN
        RAISE EXCEPTION 'the calendar name % is not valid', coalesce(quote_literal(put_calendar.name), 'NULL')
            USING ERRCODE = '22023', HINT = 'Use 1 to 100 printable ASCII characters without spaces.';
    END IF;
    IF put_calendar.excluded IS NULL OR cardinality(put_calendar.excluded) > 10000 THEN
        RAISE EXCEPTION 'the calendar % has % entries',
            quote_literal(put_calendar.name), coalesce(cardinality(put_calendar.excluded)::text, 'NULL')
            USING ERRCODE = '22023', HINT = 'Give an array of at most 10000 entries, such as ''{2026-12-25,SAT,SUN}''.';
    END IF;
    put_calendar.excluded := ARRAY(
        SELECT upper(btrim(e.entry)) FROM unnest(put_calendar.excluded) AS e (entry)
        GROUP BY upper(btrim(e.entry)) ORDER BY upper(btrim(e.entry)) COLLATE "C");
    FOREACH entry IN ARRAY put_calendar.excluded LOOP
        problem := __schema__.calendar_entry_problem(entry);
        IF problem IS NOT NULL THEN
            RAISE EXCEPTION 'the entry % of the calendar % is not valid: %',
                coalesce(quote_literal(entry), 'NULL'), quote_literal(put_calendar.name), problem
                USING ERRCODE = '22023', HINT = 'Use 2026-12-25, 2026-12-24..2026-12-31, 12-25 or SAT.';
        END IF;
    END LOOP;
    IF put_calendar.excluded @> '{SUN,MON,TUE,WED,THU,FRI,SAT}' THEN
        RAISE EXCEPTION 'the calendar % leaves no day', quote_literal(put_calendar.name)
            USING ERRCODE = '22023', HINT = 'Pause the jobs instead.';
    END IF;
    IF put_calendar.time_zone IS NOT NULL THEN
        PERFORM __schema__.check_time_zone(put_calendar.time_zone);
    END IF;

    LOOP
        SELECT c.* INTO present FROM __schema__.calendars AS c WHERE c.name = put_calendar.name FOR NO KEY UPDATE;
        EXIT WHEN FOUND;
        INSERT INTO __schema__.calendars (name, excluded, time_zone)
        VALUES (put_calendar.name, put_calendar.excluded, put_calendar.time_zone) ON CONFLICT (name) DO NOTHING;
        IF FOUND THEN
            PERFORM __schema__.note_change('calendar.put', put_calendar.name);
            RETURN 1;
        END IF;
    END LOOP;
    IF present.excluded = put_calendar.excluded AND present.time_zone IS NOT DISTINCT FROM put_calendar.time_zone THEN
        RETURN present.revision;
    END IF;
    UPDATE __schema__.calendars AS c
    SET excluded = put_calendar.excluded, time_zone = put_calendar.time_zone, updated_at = now(),
        revision = c.revision + 1
    WHERE c.name = put_calendar.name
    RETURNING c.revision INTO changed;
    -- A plan that was made with the old dates must not be applied.
    UPDATE __schema__.jobs AS j SET revision = j.revision + 1
    WHERE j.name IN (SELECT k.name FROM __schema__.jobs AS k WHERE k.calendar = put_calendar.name
        ORDER BY k.name FOR NO KEY UPDATE);
    PERFORM __schema__.note_change('calendar.put', put_calendar.name);
    RETURN changed;
END $$;

-- Deletes a calendar that no job uses.
CREATE FUNCTION __schema__.delete_calendar(name text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    users text;
BEGIN
    PERFORM FROM __schema__.calendars AS c WHERE c.name = delete_calendar.name FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no calendar %', coalesce(quote_literal(delete_calendar.name), 'NULL')
            USING ERRCODE = 'P0002', HINT = 'SELECT name FROM calendars shows those that there are.';
    END IF;
    SELECT string_agg(j.name, ', ' ORDER BY j.name) INTO users
    FROM __schema__.jobs AS j WHERE j.calendar = delete_calendar.name;
    IF users IS NOT NULL THEN
        RAISE EXCEPTION 'the calendar % is in use by: %', quote_literal(delete_calendar.name), left(users, 500)
            USING ERRCODE = '23503', HINT = 'Put these jobs without it first.';
    END IF;
    DELETE FROM __schema__.calendars AS c WHERE c.name = delete_calendar.name;
    PERFORM __schema__.note_change('calendar.deleted', delete_calendar.name);
    RETURN true;
END $$;
