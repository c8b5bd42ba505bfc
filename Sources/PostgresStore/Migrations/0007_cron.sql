-- Checks of cron expressions: syntax and ranges. When an expression fires is the owner's business.

-- A number or name as its value, NULL if it is neither.
CREATE FUNCTION __schema__.cron_value(word text, names text[], low integer) RETURNS integer LANGUAGE sql IMMUTABLE
RETURN CASE
    WHEN word ~ '^[0-9]{1,2}$' THEN word::integer
    ELSE array_position(names, upper(word)) - 1 + low
END;

-- NULL if a field is valid, otherwise what is wrong with it.
CREATE FUNCTION __schema__.cron_field_problem(field text, word text, low integer, high integer, names text[])
RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    item text;
    part text[];
    value integer;
    bound text;
BEGIN
    IF word ~ '^[*?]$' THEN
        RETURN NULL;
    END IF;
    IF word ~ '^[*?]/' THEN
        RETURN CASE
            WHEN word ~ '^[*?]/[0-9]{1,2}$' AND substr(word, 3)::integer BETWEEN 1 AND high THEN NULL
            ELSE format('the step in "%s" is not between 1 and %s', word, high)
        END;
    END IF;
    IF field = 'day of month' AND word ~* '^L(-([0-9]|[12][0-9]|30))?W?$' THEN
        RETURN NULL;
    END IF;
    FOREACH item IN ARRAY string_to_array(word, ',') LOOP
        part := regexp_match(item, '^([0-9]+|[A-Za-z]{3})(-([0-9]+|[A-Za-z]{3}))?(/([0-9]{1,2}))?$');
        IF part IS NULL AND item = word THEN
            -- Marks that must be the only value.
            IF field = 'day of month' THEN
                part := regexp_match(item, '^([0-9]+)W$', 'i');
            ELSIF field = 'day of week' THEN
                part := regexp_match(item, '^([0-9]+|[A-Za-z]{3})(?:L|#[1-5])$', 'i');
            END IF;
        END IF;
        IF part IS NULL THEN
            RETURN format('"%s" is not valid', item);
        END IF;
        FOREACH bound IN ARRAY ARRAY[part[1], part[3]] LOOP
            value := __schema__.cron_value(bound, names, low);
            IF bound IS NOT NULL AND (value IS NULL OR value NOT BETWEEN low AND high) THEN
                RETURN format('"%s" is not between %s and %s', bound, low, high)
                    || coalesce(' or ' || names[1] || ' to ' || names[cardinality(names)], '');
            END IF;
        END LOOP;
        IF part[5] IS NOT NULL AND part[5]::integer NOT BETWEEN 1 AND high THEN
            RETURN format('the step in "%s" is not between 1 and %s', item, high);
        END IF;
    END LOOP;
    RETURN NULL;
END $$;

-- Raises, naming the faulty field, unless the expression is valid.
CREATE FUNCTION __schema__.check_cron(expression text) RETURNS void LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    months constant text[] := '{JAN,FEB,MAR,APR,MAY,JUN,JUL,AUG,SEP,OCT,NOV,DEC}';
    days constant text[] := '{SUN,MON,TUE,WED,THU,FRI,SAT}';
    fields constant text[] := '{second,minute,hour,day of month,month,day of week}';
    low constant integer[] := '{0,0,0,1,1,0}';
    high constant integer[] := '{59,59,23,31,12,7}';
    words constant text[] := regexp_split_to_array(btrim(expression, E' \t\r\n'), E'[ \t\r\n]+');
    given constant integer := cardinality(words);
    problem text;
    i integer;
BEGIN
    IF words[1] LIKE '@%' THEN
        IF given = 1 AND lower(words[1]) IN (
            '@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly', '@every_minute',
            '@every_second')
        THEN
            RETURN;
        END IF;
        RAISE EXCEPTION 'invalid cron expression %: the macro % is unknown or does not stand alone',
            quote_literal(expression), words[1]
            USING ERRCODE = '22023',
                HINT = 'Use @yearly, @monthly, @weekly, @daily, @hourly, @every_minute or @every_second.';
    END IF;
    IF given NOT IN (5, 6) OR words[1] = '' THEN
        RAISE EXCEPTION 'invalid cron expression %: it has % fields',
            quote_literal(expression), CASE WHEN words[1] = '' THEN 0 ELSE given END
            USING ERRCODE = '22023',
                HINT = 'Write minute, hour, day of month, month and day of week, optionally with seconds in front.';
    END IF;
    FOR w IN 1..given LOOP
        i := w + 6 - given;
        problem := __schema__.cron_field_problem(
            fields[i], words[w], low[i], high[i], CASE i WHEN 5 THEN months WHEN 6 THEN days ELSE '{}' END);
        IF problem IS NOT NULL THEN
            RAISE EXCEPTION 'invalid cron expression %: %: %', quote_literal(expression), fields[i], problem
                USING ERRCODE = '22023', HINT = CASE fields[i]
                    WHEN 'day of month' THEN 'Use 1 to 31, L, L-3, LW or 15W, with ",", "-" and "/".'
                    WHEN 'month' THEN 'Use 1 to 12 or JAN to DEC, with ",", "-" and "/".'
                    WHEN 'day of week' THEN 'Use 0 to 7 or SUN to SAT, FRIL or MON#2, with ",", "-" and "/".'
                    ELSE format('Use %s to %s, with ",", "-" and "/".', low[i], high[i])
                END;
        END IF;
    END LOOP;
END $$;
