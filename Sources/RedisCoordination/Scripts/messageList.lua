-- Reads messages in the order in which they were scheduled.
--
-- KEYS[1] messages:record:  what the names of the messages' hashes begin with
-- KEYS[2] messages:state:   what the names of the states' sorted sets begin with, token -> place in the order
-- ARGV[1] after this place in the order
-- ARGV[2] how many at most
-- ARGV[3…] states that are wanted
-- Returns a list of {place, token, fields}.
-- O(states × (log(messages) + limit))

local found = {}
for i = 3, #ARGV do
    local rows = redis.call('ZRANGEBYSCORE', KEYS[2] .. ARGV[i], '(' .. ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', 0,
        ARGV[2])
    for n = 1, #rows, 2 do
        found[#found + 1] = { tonumber(rows[n + 1]), rows[n] }
    end
end
table.sort(found, function(left, right) return left[1] < right[1] end)
local page = {}
for i = 1, math.min(#found, tonumber(ARGV[2])) do
    local place, token = found[i][1], found[i][2]
    page[i] = { string.format('%.0f', place), token, redis.call('HGETALL', KEYS[1] .. token) }
end
return page
