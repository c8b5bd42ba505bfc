-- Reads everything that a leader plans from, in one step.
--
-- KEYS[1]  nodes           hash     node -> JSON
-- KEYS[2]  heartbeats      hash     node -> when its last heartbeat came, ms of this clock; grows with each one
-- KEYS[3]  loads           hash     node -> JSON
-- KEYS[4]  tenants         hash     tenant -> JSON
-- KEYS[5]  owners          hash     tenant -> node
-- KEYS[6]  owners-version  counter
-- KEYS[7]  epochs          hash     tenant -> last epoch given; names every tenant that may have a lock
-- KEYS[8]  moves           hash     tenant -> JSON
-- KEYS[9]  unassigned      hash     tenant -> reason
-- KEYS[10] requests        list     JSON, oldest first
-- KEYS[11] leader          string   node/incarnation/term
-- KEYS[12] term            counter
-- KEYS[13] generation      string
-- KEYS[14] lock:           prefix of the locks; each a string, node/incarnation/epoch
-- Returns the content of the keys in their order (hashes as field, value, …; missing strings as nil), then what is left
-- of the leader's lease in milliseconds, then the locks as {tenant, lock, what is left in milliseconds, …}, then now in
-- milliseconds.
-- O(tenants + nodes)

local time = redis.call('TIME')
local epochs = redis.call('HGETALL', KEYS[7])
local locks = {}
-- By a thousand: unpack is limited by Lua's stack.
for first = 1, #epochs, 2000 do
    local keys = {}
    for i = first, math.min(first + 1999, #epochs), 2 do
        keys[#keys + 1] = KEYS[14] .. epochs[i]
    end
    local values = redis.call('MGET', unpack(keys))
    for i = 1, #keys do
        if values[i] then
            locks[#locks + 1] = epochs[first + 2 * (i - 1)]
            locks[#locks + 1] = values[i]
            locks[#locks + 1] = redis.call('PTTL', keys[i])
        end
    end
end
return {
    redis.call('HGETALL', KEYS[1]),
    redis.call('HGETALL', KEYS[2]),
    redis.call('HGETALL', KEYS[3]),
    redis.call('HGETALL', KEYS[4]),
    redis.call('HGETALL', KEYS[5]),
    redis.call('GET', KEYS[6]) or '0',
    epochs,
    redis.call('HGETALL', KEYS[8]),
    redis.call('HGETALL', KEYS[9]),
    redis.call('LRANGE', KEYS[10], 0, -1),
    redis.call('GET', KEYS[11]),
    redis.call('GET', KEYS[12]) or '0',
    redis.call('GET', KEYS[13]),
    redis.call('PTTL', KEYS[11]),
    locks,
    string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000)),
}
