-- Cancels a message that is not being delivered, or a recurrence with its occurrences. The call may be repeated.
--
-- KEYS[1] messages:due      sorted set  token -> milliseconds since 1970
-- KEYS[2] messages:record:  what the names of the messages' hashes begin with
-- KEYS[3] messages:state:   what the names of the states' sorted sets begin with, token -> place in the order
-- KEYS[4] messages:stream   stream      token
-- KEYS[5] messages:ended    sorted set  token -> when to forget it, milliseconds since 1970
-- KEYS[6] messages:live:    what the names of the recurrences' sets begin with: occurrences that have not ended
-- ARGV[1] token
-- ARGV[2] how long a cancelled message is kept, in milliseconds
-- Returns 1 when no delivery of it will begin and none goes on, now or by an earlier call; otherwise 0.
-- O(occurrences that have not ended × log(messages))

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function cancel(token)
    local record = KEYS[2] .. token
    local fields = redis.call('HMGET', record, 'state', 'sequence', 'entry', 'parent')
    if fields[1] == 'cancelled' then
        return true
    end
    if fields[1] ~= 'pending' then
        return false
    end
    redis.call('ZREM', KEYS[1], token)
    if fields[3] then
        redis.call('XDEL', KEYS[4], fields[3])
    end
    redis.call('ZREM', KEYS[3] .. 'pending', token)
    redis.call('ZADD', KEYS[3] .. 'cancelled', fields[2] or 0, token)
    redis.call('HSET', record, 'state', 'cancelled', 'ended', string.format('%.0f', now))
    redis.call('ZADD', KEYS[5], string.format('%.0f', now + tonumber(ARGV[2])), token)
    if fields[4] then
        redis.call('SREM', KEYS[6] .. fields[4], token)
    end
    return true
end

if not cancel(ARGV[1]) then
    return 0
end
local isOver = 1
for _, occurrence in ipairs(redis.call('SMEMBERS', KEYS[6] .. ARGV[1])) do
    if not cancel(occurrence) then
        isOver = 0
    end
end
return isOver
