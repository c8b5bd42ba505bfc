-- Releases a name that exactly one holder has, under one token or under any.
--
-- KEYS[1] singleton:  prefix of the names; each a string, holder/token
-- ARGV[1] name
-- ARGV[2] holder
-- ARGV[3] token; empty for any, when the holder does not know what it got
-- Returns 1, or 0 when it is not held so.
-- O(1)

local key = KEYS[1] .. ARGV[1]
local holder, token = string.match(redis.call('GET', key) or '', '^(.+)/(%d+)$')
if holder ~= ARGV[2] or (ARGV[3] ~= '' and token ~= ARGV[3]) then
    return 0
end
redis.call('DEL', key)
return 1
