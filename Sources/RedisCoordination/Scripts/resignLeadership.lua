-- Gives up the leadership of exactly one holder and term, and wakes the others.
--
-- KEYS[1] leader  string   node/incarnation/term
-- KEYS[2] wake    channel
-- ARGV[1] node/incarnation/term of the caller
-- Returns 1, or 0 when it is not the present one.
-- O(1)

if redis.call('GET', KEYS[1]) ~= ARGV[1] then
    return 0
end
redis.call('DEL', KEYS[1])
redis.call('PUBLISH', KEYS[2], 'L')
return 1
