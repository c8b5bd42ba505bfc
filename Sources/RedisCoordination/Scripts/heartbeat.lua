-- One heartbeat: counts it, stores the load, renews the named locks, and tells what the node must know.
--
-- An incarnation that is not registered revives nothing: not its registration, not its locks. The locks come first, so
-- that they are renewed even by a Redis that is out of memory (it refuses a script's growth only at its first write).
--
-- KEYS[1] nodes           hash     node -> JSON
-- KEYS[2] heartbeats      hash     node -> when its last heartbeat came, ms of this clock; grows with each one
-- KEYS[3] loads           hash     node -> JSON
-- KEYS[4] owners-version  counter
-- KEYS[5] leader          string   node/incarnation/term
-- KEYS[6] term            counter
-- KEYS[7] generation      string
-- KEYS[8] lock:           prefix of the locks; each a string, node/incarnation/epoch
-- ARGV[1] node
-- ARGV[2] incarnation
-- ARGV[3] the load's JSON
-- ARGV[4] lock duration in milliseconds
-- ARGV[5…] pairs of tenant and epoch, one a lock
-- Returns {0, generation or nil}: not registered. Otherwise {1, owners version, the node's JSON, leader or nil, what is
-- left of its lease in milliseconds, term, generation or nil, {node, heartbeat, …}, {lost tenant, …}, now in ms}.
-- O(locks + nodes)

-- A counter that somebody else wrote counts as none.
local function counted(text)
    local number = tonumber(string.match(text or '', '^%d+$') or '0')
    return number <= 9007199254740991 and number or 0
end

local function decode(json)
    local ok, value = pcall(cjson.decode, json or '')
    return ok and type(value) == 'table' and value or {}
end

local node, incarnation, duration = ARGV[1], ARGV[2], ARGV[4]
local descriptor = redis.call('HGET', KEYS[1], node)
if decode(descriptor).incarnation ~= incarnation then
    return { 0, redis.call('GET', KEYS[7]) }
end

local lost = {}
local holder = node .. '/' .. incarnation .. '/'
-- By a thousand: unpack is limited by Lua's stack.
for first = 5, #ARGV, 2000 do
    local last = math.min(first + 1999, #ARGV)
    local keys = {}
    for i = first, last, 2 do
        keys[#keys + 1] = KEYS[8] .. ARGV[i]
    end
    local values = redis.call('MGET', unpack(keys))
    for i = 1, #keys do
        local argument = first + 2 * (i - 1)
        if values[i] == holder .. ARGV[argument + 1] then
            redis.call('PEXPIRE', keys[i], duration)
        else
            lost[#lost + 1] = ARGV[argument]
        end
    end
end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local last = counted(redis.call('HGET', KEYS[2], node))
-- It grows even if the clock was set back.
redis.call('HSET', KEYS[2], node, string.format('%.0f', math.max(last + 1, now)))
redis.call('HSET', KEYS[3], node, ARGV[3])
return {
    1,
    redis.call('GET', KEYS[4]) or '0',
    descriptor,
    redis.call('GET', KEYS[5]),
    redis.call('PTTL', KEYS[5]),
    redis.call('GET', KEYS[6]) or '0',
    redis.call('GET', KEYS[7]),
    redis.call('HGETALL', KEYS[2]),
    lost,
    string.format('%.0f', now),
}
