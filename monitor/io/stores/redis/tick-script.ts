/**
 * The script that moves a partition's attentive time. What it may assume: scripts are atomic, and the server's
 * clock may jump, above all when another server takes over.
 *
 * Time moves up to what *every* replica vouches for: "what I heard by then is written". A replica that falls silent
 * stops time until it is back or its lease has ended; either way every silence then counts anew, because what it
 * heard and did not write is lost. The same after a change of server (run_id): writes may be lost.
 */

/**
 * KEYS: clock, members, due, unknown, late, dead, left, then the outbox of each sink. ARGV: session, its replica, generation,
 * vouched (ms of the store's clock; -1: hears nothing), wants the turn (1/0), then in ms: lease, step, turn, allowance.
 */
export const TICK_SCRIPT = `
local clockKey, membersKey = KEYS[1], KEYS[2]
local session, base, generation = ARGV[1], ARGV[2], tonumber(ARGV[3])
local vouched, wantsTurn = tonumber(ARGV[4]), ARGV[5] == '1'
local lease, step, turnFor, allowanceMax = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
local c = {}
local flat = redis.call('HGETALL', clockKey)
for i = 1, #flat, 2 do c[flat[i]] = flat[i + 1] end
local attentive = tonumber(c.attentive or '0')
local last = tonumber(c.last or now)
local heard = tonumber(c.heard or now)
local since = tonumber(c.since or '0')
local allowance = tonumber(c.allowance or '0')
local gen = tonumber(c.generation or '0')
local turn, turnUntil = c.turn or '', tonumber(c.turnUntil or '0')

local members = {}
flat = redis.call('HGETALL', membersKey)
for i = 1, #flat, 2 do members[flat[i]] = tonumber(flat[i + 1]) end

local function listenAnew(extra)
  allowance = math.max(extra, since + allowance - attentive, 0)
  since = attentive
  last = now
end

if c.run ~= run or last > now + 1000 then
  gen = gen + 1
  listenAnew(0)
  heard = now
  for member in pairs(members) do
    members[member] = now
    redis.call('HSET', membersKey, member, now)
  end
end

local count, expelled = 0, false
for member, at in pairs(members) do
  if now - at > lease then
    members[member] = nil
    redis.call('HDEL', membersKey, member)
    expelled = true
  else
    count = count + 1
  end
end
if expelled then listenAnew(0) end

if vouched >= 0 and generation == gen then
  vouched = math.min(vouched, now)
  if members[session] == nil then
    local returns = count == 0
    for member in pairs(members) do
      if string.sub(member, 1, #base + 1) == base .. '/' then
        members[member] = nil
        redis.call('HDEL', membersKey, member)
        count = count - 1
        returns = true
      end
    end
    if returns then listenAnew(math.min(allowanceMax, 2 * math.max(0, now - heard))) end
    count = count + 1
    members[session] = vouched
    redis.call('HSET', membersKey, session, vouched)
  elseif vouched > members[session] then
    members[session] = vouched
    redis.call('HSET', membersKey, session, vouched)
  end
end

local names = {}
if count == 0 then
  last = now
else
  local horizon = now
  for member, at in pairs(members) do
    horizon = math.min(horizon, at)
    names[#names + 1] = member
  end
  if horizon > last then
    attentive = attentive + math.min(horizon - last, step)
    last = horizon
  end
  heard = math.max(heard, horizon)
end

if members[turn] == nil or turnUntil < now then turn = '' end
if turn == session and not wantsTurn then turn = '' end
if wantsTurn and members[session] ~= nil and (turn == '' or turn == session) then
  turn = session
  turnUntil = now + turnFor
end

redis.call('HSET', clockKey, 'attentive', attentive, 'last', last, 'heard', heard, 'since', since,
  'allowance', allowance, 'generation', gen, 'run', run, 'turn', turn, 'turnUntil', turnUntil)
local owed = {}
for i = 8, #KEYS do owed[i - 7] = redis.call('XLEN', KEYS[i]) end
local function head(key)
  return redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')[2] or ''
end
local counts = {}
for i = 3, 7 do counts[i - 2] = redis.call('ZCARD', KEYS[i]) end
return { now, attentive, now - last, since, allowance, gen, turn,
  { head(KEYS[3]), head(KEYS[4]), head(KEYS[5]) }, counts, owed, table.concat(names, ' ') }
`;

/** KEYS: clock, members. ARGV: session. A replica that stops in order gives its place up at once. */
export const LEAVE_SCRIPT = `
if redis.call('HDEL', KEYS[2], ARGV[1]) == 0 then return 0 end
local c = redis.call('HMGET', KEYS[1], 'attentive', 'since', 'allowance', 'turn')
local attentive = tonumber(c[1] or '0')
local allowance = math.max(0, tonumber(c[2] or '0') + tonumber(c[3] or '0') - attentive)
redis.call('HSET', KEYS[1], 'since', attentive, 'allowance', allowance)
if c[4] == ARGV[1] then redis.call('HSET', KEYS[1], 'turn', '') end
return 1
`;
