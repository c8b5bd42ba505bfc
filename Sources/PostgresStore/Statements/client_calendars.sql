-- Calendars with the jobs that use them. $1 a name, or NULL for all.
SELECT c.name, c.excluded, c.time_zone, c.revision, c.created_at, c.updated_at,
    ARRAY(SELECT j.name FROM __schema__.jobs AS j WHERE j.calendar = c.name ORDER BY j.name)
FROM __schema__.calendars AS c
WHERE $1::text IS NULL OR c.name = $1
ORDER BY c.name
