-- Takes a tenant's lock with the next epoch, above the counter and above the floor that the tenant's database named.
--
-- Only the assigned node gets it. A tenant without an assignment and without a reason for having none was forgotten by
-- this Redis if its counter is gone, or behind the floor: then whoever held it before gets it back and is its node.
-- Asking again while holding it renews it under the same epoch, unless the floor has reached that epoch.
--
-- KEYS[1] nodes           hash     node -> JSON
-- KEYS[2] owners          hash     tenant -> node
-- KEYS[3] unassigned      hash     tenant -> reason
-- KEYS[4] epochs          hash     tenant -> last epoch given
-- KEYS[5] owners-version  counter
-- KEYS[6] lock:           prefix of the locks; each a string, node/incarnation/epoch
-- ARGV[1] tenant
-- ARGV[2] node
-- ARGV[3] incarnation
-- ARGV[4] floor: the epoch that the new one must exceed
-- ARGV[5] lock duration in milliseconds
-- Returns {1, epoch}: acquired. {0, lock, what is left of it in milliseconds}: held by another.
-- {2, node or nil}: assigned elsewhere, or not at all. {3}: the caller is not registered.
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

local tenant, node, floor, duration = ARGV[1], ARGV[2], tonumber(ARGV[4]), ARGV[5]
local ok, descriptor = pcall(cjson.decode, redis.call('HGET', KEYS[1], node) or '')
if not ok or type(descriptor) ~= 'table' or descriptor.incarnation ~= ARGV[3] then
    return { 3 }
end

local counter = counted(redis.call('HGET', KEYS[4], tenant))
local owner = redis.call('HGET', KEYS[2], tenant)
local wasForgotten = not owner
    and redis.call('HEXISTS', KEYS[3], tenant) == 0
    and (counter == 0 or counter < floor)
if owner ~= node and not wasForgotten then
    return { 2, owner }
end

local key = KEYS[6] .. tenant
local lock = redis.call('GET', key)
local holder, epoch = string.match(lock or '', '^([^/]+/[^/]+)/(%d+)$')
if holder and holder ~= node .. '/' .. ARGV[3] then
    -- A lock without an end, which no script of ours leaves behind, would never be free again.
    if redis.call('PTTL', key) < 0 then
        redis.call('PEXPIRE', key, duration)
    end
    return { 0, lock, redis.call('PTTL', key) }
end

if holder and tonumber(epoch) > floor then
    redis.call('PEXPIRE', key, duration)
else
    local following = math.max(counter, floor, tonumber(epoch or '0')) + 1
    -- Beyond this a Lua number no longer counts by one.
    if following > 9007199254740991 then
        return redis.error_reply('EXHAUSTED no epoch is left')
    end
    epoch = string.format('%.0f', following)
    redis.call('HSET', KEYS[4], tenant, epoch)
    redis.call('SET', key, node .. '/' .. ARGV[3] .. '/' .. epoch, 'PX', duration)
end
if wasForgotten then
    redis.call('HSET', KEYS[2], tenant, node)
    count(KEYS[5])
end
return { 1, epoch }
