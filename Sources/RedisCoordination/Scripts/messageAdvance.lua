-- Schedules occurrences of a recurrence and moves it to its following instant, if it still stands where the caller saw
-- it: of several callers one succeeds, so that each occurrence is scheduled once.
--
-- KEYS[1] messages:due       sorted set  token -> milliseconds since 1970
-- KEYS[2] messages:record:   what the names of the messages' hashes begin with
-- KEYS[3] messages:state:    what the names of the states' sorted sets begin with, token -> place in the order
-- KEYS[4] messages:sequence  counter
-- KEYS[5] messages:ended     sorted set  token -> when to forget it, milliseconds since 1970
-- KEYS[6] messages:live:     what the names of the recurrences' sets begin with: occurrences that have not ended
-- KEYS[7] messages:wake      channel
-- ARGV[1] token
-- ARGV[2] where it stands, milliseconds since 1970
-- ARGV[3] its following instant, milliseconds since 1970, or nothing when there is none
-- ARGV[4] how long it is kept when it has ended, in milliseconds
-- ARGV[5] why it cannot go on, or nothing
-- ARGV[6…] occurrences, milliseconds since 1970
-- Returns 1, or 0 when it does not stand there.
-- O(occurrences × log(messages))

local record = KEYS[2] .. ARGV[1]
local fields = redis.call('HMGET', record, 'state', 'due', 'sequence', 'topic', 'payload', 'max_attempts', 'base_delay',
    'max_delay', 'timeout')
if fields[1] ~= 'pending' or fields[2] ~= ARGV[2] then
    return 0
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for i = 6, #ARGV do
    local token = ARGV[1] .. ':' .. ARGV[i]
    local occurrence = KEYS[2] .. token
    if redis.call('EXISTS', occurrence) == 0 then
        local sequence = redis.call('INCR', KEYS[4])
        redis.call('HSET', occurrence, 'state', 'pending', 'due', ARGV[i], 'created', string.format('%.0f', now),
            'sequence', sequence, 'attempts', 0, 'topic', fields[4], 'payload', fields[5], 'max_attempts', fields[6],
            'base_delay', fields[7], 'max_delay', fields[8], 'parent', ARGV[1], 'scheduled_for', ARGV[i])
        if fields[9] then
            redis.call('HSET', occurrence, 'timeout', fields[9])
        end
        redis.call('ZADD', KEYS[3] .. 'pending', sequence, token)
        redis.call('ZADD', KEYS[1], ARGV[i], token)
        redis.call('SADD', KEYS[6] .. ARGV[1], token)
    end
end
if ARGV[3] ~= '' then
    redis.call('HSET', record, 'due', ARGV[3])
    redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
else
    local state = ARGV[5] == '' and 'delivered' or 'failed'
    redis.call('ZREM', KEYS[1], ARGV[1])
    redis.call('ZREM', KEYS[3] .. 'pending', ARGV[1])
    redis.call('ZADD', KEYS[3] .. state, fields[3] or 0, ARGV[1])
    redis.call('HSET', record, 'state', state, 'ended', string.format('%.0f', now), 'error', ARGV[5])
    redis.call('ZADD', KEYS[5], string.format('%.0f', now + tonumber(ARGV[4])), ARGV[1])
end
redis.call('PUBLISH', KEYS[7], 'due')
return 1
