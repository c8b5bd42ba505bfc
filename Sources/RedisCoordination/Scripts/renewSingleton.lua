-- Prolongs the hold on a name of exactly one holder and token; never shortens it.
--
-- KEYS[1] singleton:  prefix of the names; each a string, holder/token
-- ARGV[1] name
-- ARGV[2] holder/token of the caller
-- ARGV[3] duration in milliseconds
-- Returns 1, or 0 when it is not the present one.
-- O(1)

local key = KEYS[1] .. ARGV[1]
if redis.call('GET', key) ~= ARGV[2] then
    return 0
end
if redis.call('PTTL', key) < tonumber(ARGV[3]) then
    redis.call('PEXPIRE', key, ARGV[3])
end
return 1
