-- Leaves an operator's request for the leader, and wakes it. A request that waits already is not left twice.
--
-- KEYS[1] requests  list     JSON, oldest first
-- KEYS[2] wake      channel
-- ARGV[1] the request's ID
-- ARGV[2] the request's JSON
-- ARGV[3] how many may wait
-- Returns 1, or 0 when too many wait.
-- O(requests)

local requests = redis.call('LRANGE', KEYS[1], 0, -1)
for _, json in ipairs(requests) do
    local ok, request = pcall(cjson.decode, json)
    if ok and type(request) == 'table' and request.id == ARGV[1] then
        return 1
    end
end
if #requests >= tonumber(ARGV[3]) then
    return 0
end
redis.call('RPUSH', KEYS[1], ARGV[2])
redis.call('PUBLISH', KEYS[2], 'Q')
return 1
