-- Sets whether a node takes tenants.
--
-- KEYS[1] nodes           hash     node -> JSON
-- KEYS[2] owners-version  counter
-- KEYS[3] wake            channel
-- ARGV[1] node
-- ARGV[2] state, 'active' or 'draining'
-- ARGV[3] the incarnation that is meant, or '' for whichever has the name
-- Returns 1, or 0 when there is no such node.
-- O(1)

-- Counts. A counter that is no number begins anew.
local function count(key)
    if type(redis.pcall('INCR', key)) == 'table' then
        redis.call('SET', key, '1')
    end
end

local ok, descriptor = pcall(cjson.decode, redis.call('HGET', KEYS[1], ARGV[1]) or '')
if not ok or type(descriptor) ~= 'table' or type(descriptor.incarnation) ~= 'string' then
    return 0
end
if ARGV[3] ~= '' and ARGV[3] ~= descriptor.incarnation then
    return 0
end
if descriptor.state ~= ARGV[2] then
    descriptor.state = ARGV[2]
    redis.call('HSET', KEYS[1], ARGV[1], cjson.encode(descriptor))
    count(KEYS[2])
    redis.call('PUBLISH', KEYS[3], 'A')
end
return 1
