-- Releases exactly one lock, and wakes the others.
--
-- KEYS[1] lock:  prefix of the locks; each a string, node/incarnation/epoch
-- KEYS[2] wake   channel
-- ARGV[1] tenant
-- ARGV[2] node/incarnation/epoch of the caller
-- Returns 1, or 0 when it is not the present one.
-- O(1)

local key = KEYS[1] .. ARGV[1]
if redis.call('GET', key) ~= ARGV[2] then
    return 0
end
redis.call('DEL', key)
redis.call('PUBLISH', KEYS[2], 'A')
return 1
