-- Takes the leadership if nobody has it, under a term above the counter and above every term that the caller has seen.
--
-- The present leader that asks again renews its lease under the same term; only if the caller has seen a later term (a
-- Redis that went back in time) does it get a new one.
--
-- KEYS[1] leader  string   node/incarnation/term
-- KEYS[2] term    counter
-- ARGV[1] node/incarnation of the caller
-- ARGV[2] the highest term that the caller has seen
-- ARGV[3] lease in milliseconds
-- Returns {1, term}: acquired. {0, leader, what is left of its lease in milliseconds}: another one leads.
-- O(1)

-- A counter that somebody else wrote counts as none.
local function counted(text)
    local number = tonumber(string.match(text or '', '^%d+$') or '0')
    return number <= 9007199254740991 and number or 0
end

local seen = tonumber(ARGV[2])
local leader = redis.call('GET', KEYS[1])
local holder, term = string.match(leader or '', '^([^/]+/[^/]+)/(%d+)$')
if holder and holder ~= ARGV[1] then
    -- A lease without an end, which no script of ours leaves behind, would never be free again.
    if redis.call('PTTL', KEYS[1]) < 0 then
        redis.call('PEXPIRE', KEYS[1], ARGV[3])
    end
    return { 0, leader, redis.call('PTTL', KEYS[1]) }
end
if holder and tonumber(term) >= seen then
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
    return { 1, term }
end

local counter = counted(redis.call('GET', KEYS[2]))
local following = math.max(counter, seen, tonumber(term or '0')) + 1
-- Beyond this a Lua number no longer counts by one.
if following > 9007199254740991 then
    return redis.error_reply('EXHAUSTED no term is left')
end
local text = string.format('%.0f', following)
redis.call('SET', KEYS[2], text)
redis.call('SET', KEYS[1], ARGV[1] .. '/' .. text, 'PX', ARGV[3])
return { 1, text }
