/** A device that changes networks every hour: what it may lose to trials, and how soon it is missed. Seeds 1 and 2. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { INTERVAL_POLICIES, type PolicyName } from '../../../agent/policy/interval-policies.ts';
import { RADIO_ENERGY_CSV } from '../../../bench/energy/embedded-radios.ts';
import { parseRadios, type Radio } from '../../../bench/energy/radio.ts';
import { buildWorld } from '../../../bench/energy/world.ts';
import { circumstancesOf, idleTimeoutAt } from '../../../bench/world/circumstances.ts';
import { DEFAULT_LIVENESS } from '../../../bench/world/default-settings.ts';
import { type Life, live } from '../../../bench/world/life.ts';
import type { NetworkChange } from '../../../bench/world/schedule-csv.ts';

const HOURS = 72;
const SECONDS = HOURS * 3600;
const LTE = parseRadios(RADIO_ENERGY_CSV).find(({ name }) => name === 'lte') as Radio;
const TIMEOUTS = [3600, 180, 350, 60, 1200, 100];

/** Hour by hour on one of so many networks in turn. */
function roam(policy: PolicyName, places: number, seed: number, hearsMoves = false): Life {
  const networks: readonly NetworkChange[] = Array.from({ length: HOURS }, (_, hour) => ({
    startSeconds: hour * 3600,
    network: `place-${hour % places}`,
    idleTimeoutSeconds: TIMEOUTS[(hour % places) % TIMEOUTS.length] as number,
  }));
  const tables = { idleTimeouts: [], loads: [], networks, powers: [], signals: [] };
  const world = buildWorld({
    idleTimeoutSeconds: idleTimeoutAt(tables),
    backgroundLossPerHour: 0,
    seconds: SECONDS,
    seed,
  });
  const circumstances = circumstancesOf(tables, LTE.kind, SECONDS);
  return live({
    policy,
    fixedSeconds: null,
    radio: LTE,
    world,
    circumstances,
    forgetting: 'silent',
    seconds: SECONDS,
    hearsMoves,
  });
}

/** Seconds out of reach that are not the price of moving, which nobody tells the device of. */
function trialSeconds({ unreachableSeconds, noticedSeconds }: Life): number {
  const moving = noticedSeconds.reduce((sum, seconds) => sum + seconds + LTE.reconnectSeconds, 0);
  return unreachableSeconds - moving;
}

describe('a device on another network every hour', () => {
  for (const policy of ['responsive', 'balanced', 'low_power'] as const) {
    for (const places of [4, HOURS]) {
      it(`keeps the bounds of ${policy} on ${places} networks`, () => {
        const { maxUnreachableShare, maxDetectionSeconds } = INTERVAL_POLICIES[policy];
        for (const seed of [1, 2]) {
          const life = roam(policy, places, seed);
          assert.ok(life.noticedSeconds.length >= HOURS / 2, 'it moved, and met the end of its connection');
          const share = trialSeconds(life) / SECONDS;
          assert.ok(share <= maxUnreachableShare, `trials cost ${(100 * share).toFixed(2)} % of the time`);
          // A promise is stated in whole seconds, rounded up.
          const bound = maxDetectionSeconds + DEFAULT_LIVENESS.graceSeconds + DEFAULT_LIVENESS.count;
          const longest = Math.max(...life.detectionSeconds);
          assert.ok(longest <= bound, `a death would be flagged after ${longest} s`);
          assert.equal(life.falseAlerts, 0);
        }
      });
    }
  }

  it('is out of reach for seconds and not for an interval where the kernel tells of the move', (t) => {
    const told = roam('balanced', 4, 1, true);
    const untold = roam('balanced', 4, 1);
    const [short, long] = [told.unreachableSeconds, untold.unreachableSeconds];
    t.diagnostic(`out of reach ${short.toFixed(0)} s in ${HOURS} h, untold ${long.toFixed(0)} s`);
    assert.ok(short < long / 4, `${short} s, untold ${long} s`);
    assert.equal(told.falseAlerts, 0);
  });

  it('keeps what it learned of each network that it comes back to', () => {
    const life = roam('balanced', 4, 1);
    assert.ok(life.drops <= 4 * 4, `${life.drops} drops on four networks`);
  });
});
