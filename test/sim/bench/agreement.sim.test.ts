/**
 * The table of `npm run bench:energy` comes from the fast simulator. Here its claims are held against the full
 * world, in which the whole production agent talks to a broker and a monitor: same paths, losses and seeds.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { INTERVAL_POLICIES } from '../../../agent/policy/interval-policies.ts';
import { conditionsOf, median, type Setting, worldOf } from '../../../bench/energy/cases.ts';
import { RADIO_ENERGY_CSV } from '../../../bench/energy/embedded-radios.ts';
import { parseRadios, type Radio } from '../../../bench/energy/radio.ts';
import { KeepAliveHdRule } from '../../../bench/energy/rules/keepalivehd.ts';
import { simulate } from '../../../bench/energy/simulate.ts';
import { circumstancesOf } from '../../../bench/world/circumstances.ts';
import { intervalBounds } from '../../../bench/world/default-settings.ts';
import { live } from '../../../bench/world/life.ts';

const DAYS = 7;
const SECONDS = DAYS * 86_400;
const SEEDS = [1, 2, 3];
/** Where losses come by chance. */
const MORE_SEEDS = [1, 2, 3, 4, 5, 6, 7];
const RADIOS = parseRadios(RADIO_ENERGY_CSV);

interface Outcome {
  readonly joules: number;
  readonly drops: number;
  readonly costJoules: number;
}

function inBoth(setting: Setting): { readonly fast: Outcome; readonly full: Outcome } {
  const world = worldOf(setting, DAYS);
  const { radio, policy } = setting;
  const watts = INTERVAL_POLICIES[policy].unreachablePerSecond * radio.probeJoules;
  const outcome = (run: { joules: number; drops: number; unreachableSeconds: number }): Outcome => ({
    joules: run.joules,
    drops: run.drops,
    costJoules: run.joules + watts * run.unreachableSeconds,
  });
  const rule = new KeepAliveHdRule(() => conditionsOf(setting));
  const fast = simulate(rule, world, radio, [SECONDS]).at[0];
  assert.ok(fast !== undefined);
  const circumstances = circumstancesOf({ networks: [], powers: [], signals: [] }, radio.kind, SECONDS);
  const seconds = SECONDS;
  const full = live({
    policy,
    fixedSeconds: null,
    radio,
    world,
    circumstances,
    forgetting: 'silent',
    seconds,
  });
  return { fast: outcome(fast), full: outcome(full) };
}

/** Medians over the seeds: full world over fast simulator, and the drops of both. */
function compare(
  radio: Radio,
  idleTimeoutSeconds: number,
  backgroundLossPerHour: number,
  seeds: readonly number[] = SEEDS,
) {
  const runs = seeds.map((seed) =>
    inBoth({
      radio,
      policy: 'balanced',
      ...intervalBounds('balanced'),
      idleTimeoutSeconds,
      backgroundLossPerHour,
      days: [DAYS],
      seed,
    }),
  );
  return {
    energy: median(runs.map(({ fast, full }) => full.joules / fast.joules)),
    cost: median(runs.map(({ fast, full }) => full.costJoules / fast.costJoules)),
    drops: runs.map(({ fast, full }) => [fast.drops, full.drops] as const),
  };
}

function near(ratio: number, tolerance: number, what: string): void {
  assert.ok(Math.abs(ratio - 1) <= tolerance, `${what}: full world / fast simulator = ${ratio.toFixed(4)}`);
}

for (const [name, timeouts] of [
  ['lte', [100, 350, 3600]],
  ['wifi', [350]],
] as const) {
  const radio = RADIOS.find((candidate) => candidate.name === name) as Radio;
  for (const timeout of timeouts) {
    test(`${name}, path forgets after ${timeout} s: both simulators spend and drop the same`, () => {
      const { energy, cost, drops } = compare(radio, timeout, 0);
      near(energy, 0.03, 'energy');
      near(cost, 0.03, 'cost by J');
      for (const [fast, full] of drops) assert.ok(Math.abs(fast - full) <= 2, `drops ${fast} and ${full}`);
    });
  }
}

test('lte, one connection lost per hour: both simulators cost the same', () => {
  const radio = RADIOS.find((candidate) => candidate.name === 'lte') as Radio;
  for (const timeout of [350, 3600]) {
    const { energy, cost } = compare(radio, timeout, 1, MORE_SEEDS);
    near(cost, 0.03, `cost by J at ${timeout} s`);
    // Between intervals of nearly the same cost chance decides; and the fast simulator's repeated probes, which TCP
    // spares the full world, make the agent a little more careful there.
    near(energy, 0.08, `energy at ${timeout} s`);
  }
});
