/**
 * The script that commits what was decided for some devices of one partition: compare, then set, device by device.
 * All rules are elsewhere; here is only what must be atomic. A device whose record or deadline has changed since it
 * was looked at is left alone and reported, to be judged anew.
 *
 * KEYS: clock, due, unknown, late, dead, left, devices, open, resolved, transitions, history, names,
 *   notices, wake, counts, moves, then the outbox of each sink.
 * ARGV: generation ('' when no silence was judged), number of devices, and for each:
 *   device, its notice as read ('*' any, '' none), version (0 none), score ('' any), record ('' keep), place, its score,
 *   number of transitions, then for each: sequence (padded), text
 *   number of alerts, then for each: resolved ms ('' open), text
 *   number of messages, then for each: number of its sink (from 1), text
 *   its notice now ('' the same, '-' over), when to look at it again (ms, '' at no moment that is known)
 *   number of counts that change, then for each: name, by how much
 *   what the keeper of incidents must know ('' nothing)
 * Returns 1 (committed) or 0 (changed meanwhile) for each device; false when the generation is another.
 */
export const COMMIT_SCRIPT = `
if ARGV[1] ~= '' then
  local c = redis.call('HMGET', KEYS[1], 'generation', 'run')
  if c[1] ~= ARGV[1] or c[2] ~= string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') then return false end
end
local places = { due = KEYS[2], unknown = KEYS[3], late = KEYS[4], dead = KEYS[5], left = KEYS[6] }
local devices, open, resolved = KEYS[7], KEYS[8], KEYS[9]
local at = 2
local function take()
  at = at + 1
  return ARGV[at]
end
local results = {}
for i = 1, tonumber(ARGV[2]) do
  local device, notice, version, expected, record = take(), take(), take(), take(), take()
  local place, score = take(), take()
  local known = redis.call('HGET', devices, device)
  local knownVersion = known and tonumber(string.match(known, '^%d+')) or 0
  local fits = knownVersion == tonumber(version)
  if fits and notice ~= '*' then fits = (redis.call('HGET', KEYS[13], device) or '') == notice end
  if fits and expected ~= '' then
    local found = redis.call('ZSCORE', KEYS[2], device) or redis.call('ZSCORE', KEYS[3], device)
      or redis.call('ZSCORE', KEYS[4], device)
    fits = found and tonumber(found) == tonumber(expected)
  end
  if fits then
    if record ~= '' then redis.call('HSET', devices, device, (knownVersion + 1) .. ' ' .. record) end
    if not known then redis.call('ZADD', KEYS[12], 0, device) end
    for name, key in pairs(places) do
      if name ~= place then redis.call('ZREM', key, device) end
    end
    redis.call('ZADD', places[place], score, device)
  end
  for _ = 1, tonumber(take()) do
    local sequence, text = take(), take()
    if fits then
      redis.call('XADD', KEYS[10], '*', 'device', device, 'sequence', sequence, 'transition', text)
      redis.call('ZADD', KEYS[11], 0, device .. ' ' .. sequence .. ' ' .. text)
    end
  end
  for _ = 1, tonumber(take()) do
    local resolvedMs, text = take(), take()
    if fits and resolvedMs == '' then
      redis.call('HSET', open, device, text)
    elseif fits then
      redis.call('HDEL', open, device)
      redis.call('ZADD', resolved, resolvedMs, text)
    end
  end
  for _ = 1, tonumber(take()) do
    local sink, text = tonumber(take()), take()
    if fits then redis.call('XADD', KEYS[16 + sink], '*', 'message', text) end
  end
  local noticed, wake = take(), take()
  if fits and noticed == '-' then
    redis.call('HDEL', KEYS[13], device)
    redis.call('ZREM', KEYS[14], device)
  elseif fits and noticed ~= '' then
    redis.call('HSET', KEYS[13], device, noticed)
    if wake ~= '' then redis.call('ZADD', KEYS[14], wake, device) end
  end
  for _ = 1, tonumber(take()) do
    local name, by = take(), tonumber(take())
    if fits and redis.call('HINCRBY', KEYS[15], name, by) <= 0 then redis.call('HDEL', KEYS[15], name) end
  end
  local move = take()
  if fits and move ~= '' then redis.call('XADD', KEYS[16], '*', 'move', move) end
  results[i] = fits and 1 or 0
end
return results
`;
