-- Registers a node, or tells which incarnation has its name.
--
-- A registration under another incarnation is replaced only when that incarnation is named: the caller has watched its
-- heartbeat stand still. What the replaced one was moving is void; its locks run out by themselves, because its process
-- may still trust them. Registering the same incarnation again changes nothing.
--
-- KEYS[1] nodes           hash     node -> JSON
-- KEYS[2] heartbeats      hash     node -> when its last heartbeat came, ms of this clock; grows with each one
-- KEYS[3] loads           hash     node -> JSON
-- KEYS[4] moves           hash     tenant -> JSON
-- KEYS[5] generation      string
-- KEYS[6] owners-version  counter
-- KEYS[7] wake            channel
-- ARGV[1] node
-- ARGV[2] incarnation
-- ARGV[3] the node's JSON
-- ARGV[4] the incarnation to replace, or ''
-- ARGV[5] a random name for the data set, used if it has none
-- Returns {1, generation}: registered. {0, incarnation, heartbeat}: another incarnation has the name.
-- O(moves in flight)

-- Counts. A counter that is no number begins anew.
local function count(key)
    if type(redis.pcall('INCR', key)) == 'table' then
        redis.call('SET', key, '1')
    end
end

-- A counter that somebody else wrote counts as none.
local function counted(text)
    local number = tonumber(string.match(text or '', '^%d+$') or '0')
    return number <= 9007199254740991 and number or 0
end

local function decode(json)
    local ok, value = pcall(cjson.decode, json or '')
    return ok and type(value) == 'table' and value or {}
end

local node, incarnation, replaced = ARGV[1], ARGV[2], ARGV[4]
local present = decode(redis.call('HGET', KEYS[1], node)).incarnation
if type(present) == 'string' and present ~= incarnation and present ~= replaced then
    return { 0, present, redis.call('HGET', KEYS[2], node) or '0' }
end

redis.call('SET', KEYS[5], ARGV[5], 'NX')
if present ~= incarnation then
    redis.call('HSET', KEYS[1], node, ARGV[3])
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    local last = counted(redis.call('HGET', KEYS[2], node))
    redis.call('HSET', KEYS[2], node, string.format('%.0f', math.max(last + 1, now)))
    redis.call('HDEL', KEYS[3], node)
    local moves = redis.call('HGETALL', KEYS[4])
    for i = 1, #moves, 2 do
        local move = decode(moves[i + 1])
        if (move.source == node and move.source_incarnation ~= incarnation)
            or (move.target == node and move.target_incarnation ~= incarnation) then
            redis.call('HDEL', KEYS[4], moves[i])
        end
    end
    count(KEYS[6])
    redis.call('PUBLISH', KEYS[7], 'A')
end
return { 1, redis.call('GET', KEYS[5]) }
