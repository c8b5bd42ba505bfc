-- Schedules a message, or a recurrence, under a token that the caller made. A token that is known is left as it is: the
-- call may be repeated.
--
-- KEYS[1] messages:due       sorted set  token -> milliseconds since 1970
-- KEYS[2] messages:record:   what the names of the messages' hashes begin with
-- KEYS[3] messages:state:    what the names of the states' sorted sets begin with, token -> place in the order
-- KEYS[4] messages:sequence  counter
-- KEYS[5] messages:wake      channel
-- ARGV[1] token
-- ARGV[2] after or at
-- ARGV[3] milliseconds from now, or since 1970
-- ARGV[4…] fields of the hash, each as its name and its value
-- Returns 1, or 0 when the token was known.
-- O(log(messages) + fields)

local record = KEYS[2] .. ARGV[1]
if redis.call('EXISTS', record) == 1 then
    return 0
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local due = tonumber(ARGV[3])
if ARGV[2] == 'after' then
    due = now + due
end
local function digits(number)
    return string.format('%.0f', number)
end

local sequence = redis.call('INCR', KEYS[4])
redis.call('HSET', record, 'state', 'pending', 'due', digits(due), 'created', digits(now), 'sequence', sequence,
    'attempts', 0)
for i = 4, #ARGV, 2 do
    redis.call('HSET', record, ARGV[i], ARGV[i + 1])
end
redis.call('ZADD', KEYS[3] .. 'pending', sequence, ARGV[1])
local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
redis.call('ZADD', KEYS[1], digits(due), ARGV[1])
if not first[2] or due < tonumber(first[2]) then
    redis.call('PUBLISH', KEYS[5], 'due')
end
return 1
