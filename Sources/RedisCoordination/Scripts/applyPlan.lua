-- Applies a plan in one step, under the leader's term.
--
-- What the plan was made from may have changed since, so each change holds only under its condition: a registration is
-- removed only if it is the named incarnation; a tenant is assigned only if its present node is not registered and the
-- new one is; a move begins only if its source has the assignment, both registrations stand, and no other is in flight.
-- A change whose condition fails is left out: the next plan sees why.
--
-- KEYS[1]  leader          string   node/incarnation/term
-- KEYS[2]  nodes           hash     node -> JSON
-- KEYS[3]  heartbeats      hash     node -> counter
-- KEYS[4]  loads           hash     node -> JSON
-- KEYS[5]  owners          hash     tenant -> node
-- KEYS[6]  moves           hash     tenant -> JSON
-- KEYS[7]  unassigned      hash     tenant -> reason
-- KEYS[8]  requests        list     JSON, oldest first
-- KEYS[9]  owners-version  counter
-- KEYS[10] wake            channel
-- ARGV[1] the caller's term
-- ARGV[2…] six lists, each as its number of entries and then the entries:
--   lost nodes: node, incarnation
--   moves to void: tenant, move
--   tenants to leave without a node: tenant, reason
--   tenants to assign: tenant, node
--   moves to begin: tenant, JSON
--   requests that were served: request
-- Returns 1, or 0 when the term is not the present one.
-- O(entries + moves in flight × lost nodes + requests)

if string.match(redis.call('GET', KEYS[1]) or '', '^[^/]+/[^/]+/(%d+)$') ~= ARGV[1] then
    return 0
end

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

local incarnations = {}
local function incarnation(node)
    if incarnations[node] == nil then
        local found = decode(redis.call('HGET', KEYS[2], node)).incarnation
        incarnations[node] = type(found) == 'string' and found or false
    end
    return incarnations[node]
end

local position = 2
local function entries(width, body)
    local last = position + width * tonumber(ARGV[position])
    for i = position + 1, last, width do
        body(ARGV[i], ARGV[i + 1])
    end
    position = last + 1
end

local changed = false

entries(2, function(node, lost)
    if incarnation(node) == lost then
        redis.call('HDEL', KEYS[2], node)
        redis.call('HDEL', KEYS[3], node)
        redis.call('HDEL', KEYS[4], node)
        incarnations[node] = false
        changed = true
    end
    local moves = redis.call('HGETALL', KEYS[6])
    for i = 1, #moves, 2 do
        local move = decode(moves[i + 1])
        if (move.source == node and move.source_incarnation == lost)
            or (move.target == node and move.target_incarnation == lost) then
            redis.call('HDEL', KEYS[6], moves[i])
            changed = true
        end
    end
end)

entries(2, function(tenant, id)
    if decode(redis.call('HGET', KEYS[6], tenant)).id == id then
        redis.call('HDEL', KEYS[6], tenant)
        changed = true
    end
end)

entries(2, function(tenant, reason)
    if redis.call('HDEL', KEYS[5], tenant) + redis.call('HDEL', KEYS[6], tenant) > 0 then
        changed = true
    end
    redis.call('HSET', KEYS[7], tenant, reason)
end)

entries(2, function(tenant, node)
    local owner = redis.call('HGET', KEYS[5], tenant)
    if incarnation(node) and owner ~= node and not (owner and incarnation(owner)) then
        redis.call('HSET', KEYS[5], tenant, node)
        redis.call('HDEL', KEYS[7], tenant)
        changed = true
    end
end)

entries(2, function(tenant, json)
    local move = decode(json)
    if redis.call('HGET', KEYS[5], tenant) == move.source
        and move.source ~= move.target
        and incarnation(move.source) == move.source_incarnation
        and incarnation(move.target) == move.target_incarnation
        and not decode(redis.call('HGET', KEYS[6], tenant)).id then
        redis.call('HSET', KEYS[6], tenant, json)
        changed = true
    end
end)

entries(1, function(served)
    for _, json in ipairs(redis.call('LRANGE', KEYS[8], 0, -1)) do
        if decode(json).id == served then
            redis.call('LREM', KEYS[8], 0, json)
        end
    end
end)

if changed then
    count(KEYS[9])
    redis.call('PUBLISH', KEYS[10], 'A')
end
return 1
