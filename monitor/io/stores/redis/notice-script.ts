/**
 * The script that commits what time brings to notices of one partition: each only if it is still as it was read.
 *
 * KEYS: notices, wake, then the outbox of each sink.
 * ARGV: number of devices, and for each: device, its notice as read, its notice now ('' the same),
 *   when to look again (ms, '' at no moment that is known), number of messages, then for each: sink (from 1), text
 * Returns 1 (committed) or 0 (changed meanwhile) for each device.
 */
const NOTICE_SCRIPT = `
local at = 1
local function take()
  at = at + 1
  return ARGV[at]
end
local results = {}
for i = 1, tonumber(ARGV[1]) do
  local device, read, text, wake = take(), take(), take(), take()
  local fits = redis.call('HGET', KEYS[1], device) == read
  if fits then
    if text ~= '' then redis.call('HSET', KEYS[1], device, text) end
    if wake == '' then
      redis.call('ZREM', KEYS[2], device)
    else
      redis.call('ZADD', KEYS[2], wake, device)
    end
  end
  for _ = 1, tonumber(take()) do
    local sink, message = tonumber(take()), take()
    if fits then redis.call('XADD', KEYS[2 + sink], '*', 'message', message) end
  end
  results[i] = fits and 1 or 0
end
return results
`;

export const NOTICE = { name: 'khdNotice', lua: NOTICE_SCRIPT } as const;
