-- Gives a consumer what is due: first what a consumer that was lost had taken, then new messages. Forgets messages that
-- ended long ago.
--
-- What is due goes through the stream's group `workers`, so that each entry is one consumer's until it is acknowledged,
-- given back, or idle for a lease. A message that was taken as often as it may be ends as failed.
--
-- KEYS[1] messages:due      sorted set  token -> milliseconds since 1970
-- KEYS[2] messages:record:  what the names of the messages' hashes begin with
-- KEYS[3] messages:state:   what the names of the states' sorted sets begin with, token -> place in the order
-- KEYS[4] messages:stream   stream      token
-- KEYS[5] messages:ended    sorted set  token -> when to forget it, milliseconds since 1970
-- KEYS[6] messages:live:    what the names of the recurrences' sets begin with: occurrences that have not ended
-- ARGV[1] consumer
-- ARGV[2] how many messages it takes at most
-- ARGV[3] lease in milliseconds
-- ARGV[4] how long a failed message is kept, in milliseconds
-- Returns {now, milliseconds until something is due or -1, messages, recurrences that are due}; a message is {entry,
-- token, fields}, a recurrence {token, fields}.
-- O(taken × log(messages))

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local limit = tonumber(ARGV[2])
local function digits(number)
    return string.format('%.0f', number)
end
local function enter(token, from, to)
    local sequence = redis.call('HGET', KEYS[2] .. token, 'sequence') or 0
    redis.call('ZREM', KEYS[3] .. from, token)
    redis.call('ZADD', KEYS[3] .. to, sequence, token)
    redis.call('HSET', KEYS[2] .. token, 'state', to)
end

if redis.call('EXISTS', KEYS[4]) == 0 then
    redis.call('XGROUP', 'CREATE', KEYS[4], 'workers', '0', 'MKSTREAM')
end

for _, token in ipairs(redis.call('ZRANGEBYSCORE', KEYS[5], '-inf', digits(now), 'LIMIT', 0, 100)) do
    local state = redis.call('HGET', KEYS[2] .. token, 'state')
    if state then
        redis.call('ZREM', KEYS[3] .. state, token)
    end
    redis.call('DEL', KEYS[2] .. token, KEYS[6] .. token)
    redis.call('ZREM', KEYS[5], token)
end

local recurrences = {}
for _, token in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', digits(now), 'LIMIT', 0, math.max(limit, 1))) do
    local record = KEYS[2] .. token
    if redis.call('HEXISTS', record, 'cron') == 1 then
        recurrences[#recurrences + 1] = { token, redis.call('HGETALL', record) }
    else
        redis.call('ZREM', KEYS[1], token)
        if redis.call('HGET', record, 'state') == 'pending' then
            redis.call('HSET', record, 'entry', redis.call('XADD', KEYS[4], '*', 'token', token))
        end
    end
end

local messages = {}
local function take(entry, fields)
    local token = fields and fields[2] or ''
    local record = KEYS[2] .. token
    local state = redis.call('HGET', record, 'state')
    local isMine = redis.call('HGET', record, 'entry') == entry and (state == 'pending' or state == 'delivering')
    local attempts = tonumber(redis.call('HGET', record, 'attempts') or '0')
    local limitOfAttempts = tonumber(redis.call('HGET', record, 'max_attempts') or '1')
    if not isMine or attempts >= limitOfAttempts then
        redis.call('XACK', KEYS[4], 'workers', entry)
        redis.call('XDEL', KEYS[4], entry)
        if isMine then
            enter(token, state, 'failed')
            redis.call('HSET', record, 'ended', digits(now), 'error', 'the process that delivered it was lost')
            redis.call('ZADD', KEYS[5], digits(now + tonumber(ARGV[4])), token)
            redis.call('SREM', KEYS[6] .. (redis.call('HGET', record, 'parent') or ''), token)
        end
        return
    end
    enter(token, state, 'delivering')
    redis.call('HINCRBY', record, 'attempts', 1)
    redis.call('HSET', record, 'consumer', ARGV[1], 'started', digits(now))
    messages[#messages + 1] = { entry, token, redis.call('HGETALL', record) }
end

if limit > 0 then
    for _, item in ipairs(redis.call('XAUTOCLAIM', KEYS[4], 'workers', ARGV[1], ARGV[3], '0-0', 'COUNT', limit)[2]) do
        take(item[1], item[2])
    end
end
if limit > #messages then
    local streams = redis.call('XREADGROUP', 'GROUP', 'workers', ARGV[1], 'COUNT', limit - #messages, 'STREAMS',
        KEYS[4], '>')
    if streams then
        for _, item in ipairs(streams[1][2]) do
            take(item[1], item[2])
        end
    end
end

local wait = -1
local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
if first[2] then
    wait = math.max(0, tonumber(first[2]) - now)
end
return { digits(now), digits(wait), messages, recurrences }
