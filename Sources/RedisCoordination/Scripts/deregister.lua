-- Removes a node that leaves: its registration, its locks and its moves, all of exactly this incarnation.
--
-- Its assignments stay: they are orphans now, which the leader gives to others in one step.
--
-- KEYS[1] nodes           hash     node -> JSON
-- KEYS[2] heartbeats      hash     node -> counter
-- KEYS[3] loads           hash     node -> JSON
-- KEYS[4] moves           hash     tenant -> JSON
-- KEYS[5] epochs          hash     tenant -> last epoch given; names every tenant that may have a lock
-- KEYS[6] owners-version  counter
-- KEYS[7] wake            channel
-- KEYS[8] lock:           prefix of the locks; each a string, node/incarnation/epoch
-- ARGV[1] node
-- ARGV[2] incarnation
-- Returns 1 when something was removed, 0 otherwise.
-- O(tenants + moves in flight)

-- Counts. A counter that is no number begins anew.
local function count(key)
    if type(redis.pcall('INCR', key)) == 'table' then
        redis.call('SET', key, '1')
    end
end

local function decode(json)
    local ok, value = pcall(cjson.decode, json or '')
    return ok and type(value) == 'table' and value or {}
end

local node, incarnation = ARGV[1], ARGV[2]
local changed = 0
if decode(redis.call('HGET', KEYS[1], node)).incarnation == incarnation then
    redis.call('HDEL', KEYS[1], node)
    redis.call('HDEL', KEYS[2], node)
    redis.call('HDEL', KEYS[3], node)
    changed = 1
end

local moves = redis.call('HGETALL', KEYS[4])
for i = 1, #moves, 2 do
    local move = decode(moves[i + 1])
    if (move.source == node and move.source_incarnation == incarnation)
        or (move.target == node and move.target_incarnation == incarnation) then
        redis.call('HDEL', KEYS[4], moves[i])
        changed = 1
    end
end

local holder = node .. '/' .. incarnation .. '/'
local tenants = redis.call('HKEYS', KEYS[5])
-- By a thousand: unpack is limited by Lua's stack.
for first = 1, #tenants, 1000 do
    local keys = {}
    for i = first, math.min(first + 999, #tenants) do
        keys[#keys + 1] = KEYS[8] .. tenants[i]
    end
    local values = redis.call('MGET', unpack(keys))
    for i = 1, #keys do
        if values[i] and string.sub(values[i], 1, #holder) == holder then
            redis.call('DEL', keys[i])
            changed = 1
        end
    end
end

if changed == 1 then
    count(KEYS[6])
    redis.call('PUBLISH', KEYS[7], 'A')
end
return changed
