-- Notes that the target of a move is ready, and wakes the source.
--
-- KEYS[1] nodes           hash     node -> JSON
-- KEYS[2] moves           hash     tenant -> JSON
-- KEYS[3] owners-version  counter
-- KEYS[4] wake            channel
-- ARGV[1] tenant
-- ARGV[2] the move's ID
-- ARGV[3] the target's node
-- ARGV[4] the target's incarnation
-- Returns 1, or 0 when the move is void.
-- O(1)

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

local move = decode(redis.call('HGET', KEYS[2], ARGV[1]))
if move.id ~= ARGV[2] or move.target ~= ARGV[3] or move.target_incarnation ~= ARGV[4]
    or decode(redis.call('HGET', KEYS[1], ARGV[3])).incarnation ~= ARGV[4] then
    return 0
end
if move.stage ~= 'ready' then
    move.stage = 'ready'
    redis.call('HSET', KEYS[2], ARGV[1], cjson.encode(move))
    count(KEYS[3])
    redis.call('PUBLISH', KEYS[4], 'A')
end
return 1
