-- The history by epoch: who wrote under it, when runs were started, and when occurrences were skipped. $1 since.
SELECT r.epoch, count(*), min(r.node), max(r.node), min(r.started_at), max(r.started_at),
    min(r.finished_at) FILTER (WHERE r.state = 'skipped'), max(r.finished_at) FILTER (WHERE r.state = 'skipped')
FROM __schema__.runs AS r
WHERE r.epoch IS NOT NULL AND ($1::timestamptz IS NULL OR r.finished_at >= $1)
GROUP BY r.epoch
ORDER BY r.epoch
