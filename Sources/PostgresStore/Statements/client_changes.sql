-- Changes by users, the newest first. $1 words with which `what` begins, NULL for all; $2 limit.
SELECT c.at, c.by_role, c.via, c.what, c.name, c.count, c.detail::text
FROM __schema__.changes AS c
WHERE $1::text IS NULL OR starts_with(c.what, $1)
ORDER BY c.id DESC
LIMIT $2
