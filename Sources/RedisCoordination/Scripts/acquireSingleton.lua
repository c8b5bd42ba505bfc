-- Takes a name for the whole cluster with the next token, or tells for how long it is taken.
--
-- A token is above the last one given, above the floor that the caller has seen, and at least the time in microseconds:
-- so it grows also when this Redis has lost its data, unless its clock went back too. Asking again while holding the
-- name prolongs it under the same token.
--
-- KEYS[1] singleton:       prefix of the names; each a string, holder/token
-- KEYS[2] singleton-token  counter: the last token given to any name
-- ARGV[1] name
-- ARGV[2] holder
-- ARGV[3] duration in milliseconds
-- ARGV[4] floor: a token that the new one must exceed
-- Returns {1, token}: acquired. {0, what is left in milliseconds}: held by another.
-- O(1)

-- A counter that somebody else wrote counts as none.
local function counted(text)
    local number = tonumber(string.match(text or '', '^%d+$') or '0')
    return number <= 9007199254740991 and number or 0
end

local key, duration = KEYS[1] .. ARGV[1], tonumber(ARGV[3])
local holder, token = string.match(redis.call('GET', key) or '', '^(.+)/(%d+)$')
if holder and holder ~= ARGV[2] then
    -- One without an end, which no script of ours leaves behind, would never be free again.
    if redis.call('PTTL', key) < 0 then
        redis.call('PEXPIRE', key, duration)
    end
    return { 0, redis.call('PTTL', key) }
end
if holder then
    if redis.call('PTTL', key) < duration then
        redis.call('PEXPIRE', key, duration)
    end
    return { 1, token }
end

local time = redis.call('TIME')
local last = counted(redis.call('GET', KEYS[2]))
local following = math.max(last + 1, tonumber(ARGV[4]) + 1, time[1] * 1000000 + time[2])
-- Beyond this a Lua number no longer counts by one.
if following > 9007199254740991 then
    return redis.error_reply('EXHAUSTED no token is left')
end
token = string.format('%.0f', following)
redis.call('SET', KEYS[2], token)
redis.call('SET', key, ARGV[2] .. '/' .. token, 'PX', duration)
return { 1, token }
