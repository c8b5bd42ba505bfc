-- Where a tenant stands. $1 how far back history counts, in ms; NULL for all there is.
SELECT f.epoch, f.node, f.incarnation, f.since, clock_timestamp(),
    (SELECT count(*) FROM __schema__.work AS w),
    (SELECT count(*) FROM __schema__.work AS w WHERE w.due_at <= now()),
    (SELECT min(w.due_at) FROM __schema__.work AS w),
    (SELECT coalesce(sum(cardinality(c.ids)), 0)::bigint FROM __schema__.claims AS c),
    (SELECT count(*) FROM __schema__.dead_letters AS d),
    h.ended, h.completed, h.completed_twice, h.discarded, h.skipped, h.crashed
FROM __schema__.fence AS f
CROSS JOIN (
    SELECT count(*) AS ended, count(*) FILTER (WHERE p.completed > 0) AS completed,
        count(*) FILTER (WHERE p.completed > 1) AS completed_twice,
        count(*) FILTER (WHERE p.discarded > 0) AS discarded, count(*) FILTER (WHERE p.skipped > 0) AS skipped, count(*) FILTER (WHERE p.crashed > 0) AS crashed
    FROM (
        SELECT r.run_id, count(*) FILTER (WHERE r.state = 'completed') AS completed,
            count(*) FILTER (WHERE r.state = 'discarded') AS discarded,
            count(*) FILTER (WHERE r.state = 'skipped') AS skipped,
            count(*) FILTER (WHERE r.state = 'crashed') AS crashed
        FROM __schema__.runs AS r
        WHERE $1::bigint IS NULL OR r.finished_at >= now() - $1 * interval '1 millisecond'
        GROUP BY r.run_id) AS p) AS h
