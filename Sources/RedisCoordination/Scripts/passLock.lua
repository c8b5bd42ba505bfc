-- Passes a tenant's lock from the source of a ready move to its target, under a new epoch.
--
-- The assignment follows, the move ends, and the wake-up carries all that the target needs to begin at once.
--
-- KEYS[1] nodes           hash     node -> JSON
-- KEYS[2] owners          hash     tenant -> node
-- KEYS[3] moves           hash     tenant -> JSON
-- KEYS[4] epochs          hash     tenant -> last epoch given
-- KEYS[5] owners-version  counter
-- KEYS[6] wake            channel
-- KEYS[7] lock:           prefix of the locks; each a string, node/incarnation/epoch
-- ARGV[1] tenant
-- ARGV[2] the move's ID
-- ARGV[3] the source's node
-- ARGV[4] the source's incarnation
-- ARGV[5] the source's epoch
-- ARGV[6] lock duration in milliseconds
-- ARGV[7] when the source made its last claim pass, in microseconds since 1970 by the tenant's database
-- Returns {1, the target's epoch}: passed. {0}: the caller does not hold the lock. {2}: the move is void or not ready.
-- O(1)

-- A counter that somebody else wrote counts as none.
local function counted(text)
    local number = tonumber(string.match(text or '', '^%d+$') or '0')
    return number <= 9007199254740991 and number or 0
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

local tenant, source, sourceIncarnation, epoch = ARGV[1], ARGV[3], ARGV[4], ARGV[5]
local key = KEYS[7] .. tenant
if redis.call('GET', key) ~= source .. '/' .. sourceIncarnation .. '/' .. epoch then
    return { 0 }
end
local move = decode(redis.call('HGET', KEYS[3], tenant))
if move.id ~= ARGV[2] or move.stage ~= 'ready'
    or move.source ~= source or move.source_incarnation ~= sourceIncarnation
    or type(move.target) ~= 'string' or type(move.target_incarnation) ~= 'string'
    or decode(redis.call('HGET', KEYS[1], move.target)).incarnation ~= move.target_incarnation then
    return { 2 }
end

local counter = counted(redis.call('HGET', KEYS[4], tenant))
local following = math.max(counter, tonumber(epoch)) + 1
-- Beyond this a Lua number no longer counts by one.
if following > 9007199254740991 then
    return redis.error_reply('EXHAUSTED no epoch is left')
end
local passed = string.format('%.0f', following)
redis.call('HSET', KEYS[4], tenant, passed)
redis.call('SET', key, move.target .. '/' .. move.target_incarnation .. '/' .. passed, 'PX', ARGV[6])
redis.call('HSET', KEYS[2], tenant, move.target)
redis.call('HDEL', KEYS[3], tenant)
count(KEYS[5])
redis.call('PUBLISH', KEYS[6], table.concat({
    'P', tenant, move.target, move.target_incarnation, source, sourceIncarnation, passed, ARGV[7],
}, ' '))
return { 1, passed }
