-- Publishes tenants and removes others with their assignments and moves, under the leader's term.
--
-- The epoch of a removed tenant stays: it may come back, and its epochs must not go back.
--
-- KEYS[1] leader          string   node/incarnation/term
-- KEYS[2] tenants         hash     tenant -> JSON
-- KEYS[3] owners          hash     tenant -> node
-- KEYS[4] moves           hash     tenant -> JSON
-- KEYS[5] unassigned      hash     tenant -> reason
-- KEYS[6] owners-version  counter
-- KEYS[7] wake            channel
-- ARGV[1] the caller's term
-- ARGV[2] number of tenants to publish, n
-- ARGV[3…] n pairs of tenant and JSON, then the tenants to remove
-- Returns 1, or 0 when the term is not the present one.
-- O(tenants named)

-- Counts. A counter that is no number begins anew.
local function count(key)
    if type(redis.pcall('INCR', key)) == 'table' then
        redis.call('SET', key, '1')
    end
end

if string.match(redis.call('GET', KEYS[1]) or '', '^[^/]+/[^/]+/(%d+)$') ~= ARGV[1] then
    return 0
end

local changed = false
local removals = 3 + 2 * tonumber(ARGV[2])
for i = 3, removals - 1, 2 do
    if redis.call('HGET', KEYS[2], ARGV[i]) ~= ARGV[i + 1] then
        redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1])
        changed = true
    end
end
for i = removals, #ARGV do
    local removed = redis.call('HDEL', KEYS[2], ARGV[i])
        + redis.call('HDEL', KEYS[3], ARGV[i])
        + redis.call('HDEL', KEYS[4], ARGV[i])
    redis.call('HDEL', KEYS[5], ARGV[i])
    changed = changed or removed > 0
end
if changed then
    count(KEYS[6])
    redis.call('PUBLISH', KEYS[7], 'A')
end
return 1
