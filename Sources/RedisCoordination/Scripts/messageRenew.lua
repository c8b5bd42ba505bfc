-- Renews the lease of what a consumer delivers, and gives back what it took without knowing of it (the reply was lost):
-- that is due again at once, with its attempt not counted. Removes consumers that have nothing and were silent for an
-- hour, and the caller itself when it leaves.
--
-- KEYS[1] messages:due      sorted set  token -> milliseconds since 1970
-- KEYS[2] messages:record:  what the names of the messages' hashes begin with
-- KEYS[3] messages:state:   what the names of the states' sorted sets begin with, token -> place in the order
-- KEYS[4] messages:stream   stream      token
-- KEYS[5] messages:wake     channel
-- ARGV[1] consumer
-- ARGV[2] 1 when it leaves, 0 when it stays
-- ARGV[3…] entries of the stream that it delivers
-- Returns those of the entries that are no longer the caller's.
-- O(entries + consumers)

local known, mine = {}, {}
for i = 3, #ARGV do
    known[ARGV[i]] = true
end
if redis.call('EXISTS', KEYS[4]) == 1 then
    local time = redis.call('TIME')
    local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
    for _, pending in ipairs(redis.call('XPENDING', KEYS[4], 'workers', '-', '+', #ARGV + 1000, ARGV[1])) do
        local entry = pending[1]
        if known[entry] then
            redis.call('XCLAIM', KEYS[4], 'workers', ARGV[1], 0, entry, 'JUSTID')
            mine[entry] = true
        else
            local item = redis.call('XRANGE', KEYS[4], entry, entry)[1]
            local token = item and item[2][2] or ''
            local fields = redis.call('HMGET', KEYS[2] .. token, 'state', 'consumer', 'entry', 'sequence')
            redis.call('XACK', KEYS[4], 'workers', entry)
            redis.call('XDEL', KEYS[4], entry)
            if fields[1] == 'delivering' and fields[2] == ARGV[1] and fields[3] == entry then
                redis.call('ZREM', KEYS[3] .. 'delivering', token)
                redis.call('ZADD', KEYS[3] .. 'pending', fields[4] or 0, token)
                redis.call('HSET', KEYS[2] .. token, 'state', 'pending', 'due', now)
                redis.call('HINCRBY', KEYS[2] .. token, 'attempts', -1)
                redis.call('ZADD', KEYS[1], now, token)
                redis.call('PUBLISH', KEYS[5], 'due')
            end
        end
    end
    for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[4], 'workers')) do
        local name, pending, idle = consumer[2], consumer[4], consumer[6]
        if pending == 0 and (idle > 3600000 or (name == ARGV[1] and ARGV[2] == '1')) then
            redis.call('XGROUP', 'DELCONSUMER', KEYS[4], 'workers', name)
        end
    end
end

local lost = {}
for i = 3, #ARGV do
    if not mine[ARGV[i]] then
        lost[#lost + 1] = ARGV[i]
    end
end
return lost
