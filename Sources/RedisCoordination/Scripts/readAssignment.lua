-- Reads what concerns one node: its tenants with their locks, and all moves in flight.
--
-- KEYS[1] nodes           hash     node -> JSON
-- KEYS[2] tenants         hash     tenant -> JSON
-- KEYS[3] owners          hash     tenant -> node
-- KEYS[4] moves           hash     tenant -> JSON
-- KEYS[5] owners-version  counter
-- KEYS[6] generation      string
-- KEYS[7] lock:           prefix of the locks; each a string, node/incarnation/epoch
-- ARGV[1] node
-- Returns {owners version, generation or nil, {tenant, …}, {the tenant's JSON or nil, …}, {lock or nil, …},
-- {what is left of the lock in milliseconds, …}, {tenant, move's JSON, …}, {node's JSON, …}}.
-- O(tenants of the cluster)

local owners = redis.call('HGETALL', KEYS[3])
local mine = {}
for i = 1, #owners, 2 do
    if owners[i + 1] == ARGV[1] then
        mine[#mine + 1] = owners[i]
    end
end

local descriptors, locks, remaining = {}, {}, {}
-- By a thousand: unpack is limited by Lua's stack.
for first = 1, #mine, 1000 do
    local last = math.min(first + 999, #mine)
    local keys = {}
    for i = first, last do
        keys[#keys + 1] = KEYS[7] .. mine[i]
    end
    local found = redis.call('HMGET', KEYS[2], unpack(mine, first, last))
    local values = redis.call('MGET', unpack(keys))
    for i = 1, #keys do
        descriptors[#descriptors + 1] = found[i]
        locks[#locks + 1] = values[i]
        remaining[#remaining + 1] = values[i] and redis.call('PTTL', keys[i]) or 0
    end
end
return {
    redis.call('GET', KEYS[5]) or '0',
    redis.call('GET', KEYS[6]),
    mine,
    descriptors,
    locks,
    remaining,
    redis.call('HGETALL', KEYS[4]),
    redis.call('HVALS', KEYS[1]),
}
