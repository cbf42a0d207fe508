/**
 * The scripts of the daily clean-up: what belongs together goes together, whatever happens in between.
 *
 * FORGET: KEYS: left, devices, vitals, names. ARGV: before (ms), then devices. Forgets those that are still among
 * the left, and left before: one may be back this moment. Returns their names.
 */
const FORGET_SCRIPT = `
local gone = {}
for i = 2, #ARGV do
  local leftAt = redis.call('ZSCORE', KEYS[1], ARGV[i])
  if leftAt and tonumber(leftAt) < tonumber(ARGV[1]) then
    redis.call('ZREM', KEYS[1], ARGV[i])
    redis.call('HDEL', KEYS[2], ARGV[i])
    redis.call('HDEL', KEYS[3], ARGV[i])
    redis.call('ZREM', KEYS[4], ARGV[i])
    gone[#gone + 1] = ARGV[i]
  end
end
return gone
`;

/** KEYS: transitions, history. ARGV: pairs of an entry's id and its row in the history. */
const DROP_SCRIPT = `
for i = 1, #ARGV, 2 do
  redis.call('XDEL', KEYS[1], ARGV[i])
  redis.call('ZREM', KEYS[2], ARGV[i + 1])
end
return #ARGV / 2
`;

export const FORGET = { name: 'khdForget', lua: FORGET_SCRIPT } as const;
export const DROP = { name: 'khdDrop', lua: DROP_SCRIPT } as const;
