-- Tells what became of a delivery, and acknowledges its entry. Holds only for the delivery that is named: one that was
-- reclaimed meanwhile is left alone. The call may be repeated.
--
-- KEYS[1] messages:due      sorted set  token -> milliseconds since 1970
-- KEYS[2] messages:record:  what the names of the messages' hashes begin with
-- KEYS[3] messages:state:   what the names of the states' sorted sets begin with, token -> place in the order
-- KEYS[4] messages:stream   stream      token
-- KEYS[5] messages:ended    sorted set  token -> when to forget it, milliseconds since 1970
-- KEYS[6] messages:live:    what the names of the recurrences' sets begin with: occurrences that have not ended
-- KEYS[7] messages:wake     channel
-- ARGV[1] token
-- ARGV[2] entry of the stream
-- ARGV[3] number of the attempt
-- ARGV[4] consumer
-- ARGV[5] delivered, failed, retry or returned; what is returned has its attempt back
-- ARGV[6] milliseconds: how long it is kept when it has ended, or when it is due again
-- ARGV[7] what went wrong, or nothing
-- Returns 1, or 0 when this delivery is no longer the caller's.
-- O(log(messages))

local record = KEYS[2] .. ARGV[1]
local name = ARGV[4] .. '/' .. ARGV[2] .. '/' .. ARGV[3]
local fields = redis.call('HMGET', record, 'state', 'attempts', 'consumer', 'entry', 'sequence', 'parent', 'settled')
if fields[7] == name then
    return 1
end
if fields[1] ~= 'delivering' or fields[2] ~= ARGV[3] or fields[3] ~= ARGV[4] or fields[4] ~= ARGV[2] then
    return 0
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local at = string.format('%.0f', now + tonumber(ARGV[6]))
local function enter(state)
    redis.call('ZREM', KEYS[3] .. 'delivering', ARGV[1])
    redis.call('ZADD', KEYS[3] .. state, fields[5] or 0, ARGV[1])
    redis.call('HSET', record, 'state', state, 'settled', name)
end

redis.call('XACK', KEYS[4], 'workers', ARGV[2])
redis.call('XDEL', KEYS[4], ARGV[2])
if ARGV[7] ~= '' then
    redis.call('HSET', record, 'error', ARGV[7])
end
if ARGV[5] == 'retry' or ARGV[5] == 'returned' then
    enter('pending')
    if ARGV[5] == 'returned' then
        redis.call('HINCRBY', record, 'attempts', -1)
    end
    redis.call('HSET', record, 'due', at)
    redis.call('ZADD', KEYS[1], at, ARGV[1])
    redis.call('PUBLISH', KEYS[7], 'due')
else
    enter(ARGV[5])
    redis.call('HSET', record, 'ended', string.format('%.0f', now))
    redis.call('ZADD', KEYS[5], at, ARGV[1])
    if fields[6] then
        redis.call('SREM', KEYS[6] .. fields[6], ARGV[1])
    end
end
return 1
