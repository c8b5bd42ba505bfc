-- How far rates are used up, where that still matters.
SELECT u.name, u.key, u.paid_at
FROM __schema__.limit_uses AS u
WHERE u.paid_at > clock_timestamp()
ORDER BY u.name, u.key
