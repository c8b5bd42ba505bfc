-- Extends the leadership of exactly one holder and term.
--
-- KEYS[1] leader  string   node/incarnation/term
-- ARGV[1] node/incarnation/term of the caller
-- ARGV[2] lease in milliseconds
-- Returns 1, or 0 when it is not the present one.
-- O(1)

if redis.call('GET', KEYS[1]) ~= ARGV[1] then
    return 0
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
