-- What users did to a job, the oldest first; the newest 1,000. $1 name.
SELECT c.at, c.by_role, c.what
FROM (
    SELECT d.id, d.at, d.by_role, d.what FROM __schema__.changes AS d
    WHERE d.name = $1 AND d.what LIKE 'job.%'
    ORDER BY d.id DESC LIMIT 1000) AS c
ORDER BY c.id
