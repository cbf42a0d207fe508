/**
 * What must be atomic for the keeper of incidents. All rules are elsewhere.
 *
 * HOLD: KEYS: keeper, kept, then the outbox of each sink. ARGV: name, for how long (ms; 0: gives it up), whether the last
 * round of this keeper went in (1/0), for how long that counts (ms).
 * Returns whether this is the keeper (1/0), whether the keeper is at work (1/0), what each sink is owed.
 */
const HOLD_SCRIPT = `
local keeper = redis.call('GET', KEYS[1])
local mine = not keeper or keeper == ARGV[1]
if mine and ARGV[2] == '0' then
  redis.call('DEL', KEYS[1])
  mine = false
elseif mine then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
  if ARGV[3] == '1' then redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[4]) end
end
local owed = {}
for i = 3, #KEYS do owed[i - 2] = redis.call('XLEN', KEYS[i]) end
return { mine and 1 or 0, redis.call('EXISTS', KEYS[2]), owed }
`;

/**
 * A round of the keeper: goes in only if the book is still as it was read.
 *
 * KEYS: book, open, alerts, pending, notices, resolved, then the outbox of each sink.
 * ARGV: version as read ('' there is no book), then lists, each with its length before it:
 *   position of each partition's stream; incidents: id, text, resolved ms ('' open); alerts: device, text;
 *   devices without an open alert; devices that are pending; devices that are not; notices: id, text;
 *   ids of notices that are over; messages: sink (from 1), text
 * Returns the version now, or false when the book has changed. Versions follow the server's clock, so that none comes
 * twice even when a server that took over has lost the last ones.
 */
const BOOK_SCRIPT = `
if (redis.call('HGET', KEYS[1], 'version') or '') ~= ARGV[1] then return false end
local at = 1
local function take()
  at = at + 1
  return ARGV[at]
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local version = string.format('%.0f', math.max(now, (tonumber(ARGV[1]) or 0) + 1))
redis.call('HSET', KEYS[1], 'version', version)
for i = 1, tonumber(take()) do redis.call('HSET', KEYS[1], i - 1, take()) end
for _ = 1, tonumber(take()) do
  local id, text, resolvedMs = take(), take(), take()
  if resolvedMs == '' then
    redis.call('HSET', KEYS[2], id, text)
  else
    redis.call('HDEL', KEYS[2], id)
    redis.call('ZADD', KEYS[6], resolvedMs, text)
  end
end
for _ = 1, tonumber(take()) do
  local device, text = take(), take()
  redis.call('HSET', KEYS[3], device, text)
end
for _ = 1, tonumber(take()) do redis.call('HDEL', KEYS[3], take()) end
for _ = 1, tonumber(take()) do redis.call('SADD', KEYS[4], take()) end
for _ = 1, tonumber(take()) do redis.call('SREM', KEYS[4], take()) end
for _ = 1, tonumber(take()) do
  local id, text = take(), take()
  redis.call('HSET', KEYS[5], id, text)
end
for _ = 1, tonumber(take()) do redis.call('HDEL', KEYS[5], take()) end
for _ = 1, tonumber(take()) do
  local sink, text = tonumber(take()), take()
  redis.call('XADD', KEYS[6 + sink], '*', 'message', text)
end
return version
`;

/**
 * KEYS: moves, counts. Returns the last entry that the stream has had, and the counts: both of the same moment.
 */
const COUNTS_SCRIPT = `
local last = '0-0'
local info = redis.pcall('XINFO', 'STREAM', KEYS[1])
if not info.err then
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then last = info[i + 1] end
  end
end
return { last, redis.call('HGETALL', KEYS[2]) }
`;

/**
 * KEYS: moves. ARGV: position, how many. Returns the last entry that the stream has had, and those after the position.
 */
const MOVES_SCRIPT = `
local last = '0-0'
local info = redis.pcall('XINFO', 'STREAM', KEYS[1])
if info.err then return { last, {} } end
for i = 1, #info, 2 do
  if info[i] == 'last-generated-id' then last = info[i + 1] end
end
if last == ARGV[1] then return { last, {} } end
return { last, redis.call('XRANGE', KEYS[1], '(' .. ARGV[1], '+', 'COUNT', ARGV[2]) }
`;

/**
 * Brings what the keeper decided of open alerts to their partition, each only if alert and notice are still as read.
 *
 * KEYS: open, notices, wake, fence, then the outbox of each sink.
 * ARGV: version of the book, number of devices, and for each: device, alert as read, notice as read ('' none), alert now,
 *   notice now ('' the same, '-' none), when to look at it again (ms, '' at no moment that is known),
 *   number of messages, then for each: sink (from 1), text
 * Returns 1 (went in) or 0 (changed meanwhile) for each; false when a newer book has been here.
 */
const VERDICT_SCRIPT = `
local fence = tonumber(redis.call('GET', KEYS[4]) or '0')
if fence > tonumber(ARGV[1]) then return false end
redis.call('SET', KEYS[4], ARGV[1])
local at = 2
local function take()
  at = at + 1
  return ARGV[at]
end
local results = {}
for i = 1, tonumber(ARGV[2]) do
  local device, alert, notice, alertNow, noticeNow, wake = take(), take(), take(), take(), take(), take()
  local fits = redis.call('HGET', KEYS[1], device) == alert and (redis.call('HGET', KEYS[2], device) or '') == notice
  if fits then
    redis.call('HSET', KEYS[1], device, alertNow)
    if noticeNow == '-' then
      redis.call('HDEL', KEYS[2], device)
      redis.call('ZREM', KEYS[3], device)
    elseif noticeNow ~= '' then
      redis.call('HSET', KEYS[2], device, noticeNow)
      redis.call('ZREM', KEYS[3], device)
    end
    if wake ~= '' then redis.call('ZADD', KEYS[3], wake, device) end
  end
  for _ = 1, tonumber(take()) do
    local sink, text = tonumber(take()), take()
    if fits then redis.call('XADD', KEYS[4 + sink], '*', 'message', text) end
  end
  results[i] = fits and 1 or 0
end
return results
`;

export const HOLD = { name: 'khdHold', lua: HOLD_SCRIPT } as const;
export const BOOK = { name: 'khdBook', lua: BOOK_SCRIPT } as const;
export const COUNTS = { name: 'khdCounts', lua: COUNTS_SCRIPT } as const;
export const MOVES = { name: 'khdMoves', lua: MOVES_SCRIPT } as const;
export const VERDICT = { name: 'khdVerdict', lua: VERDICT_SCRIPT } as const;
