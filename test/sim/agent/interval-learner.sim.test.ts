/** The learner on a virtual clock, seeded: what it promises of drift, jitter, power, drops and cost. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LearnerConditions } from '../../../agent/policy/interval-learner.ts';
import { INTERVAL_POLICIES } from '../../../agent/policy/interval-policies.ts';
import {
  conditionsOf,
  geometricMean,
  referenceOf,
  runCase,
  type Setting,
} from '../../../bench/energy/cases.ts';
import { type Radio, readRadios } from '../../../bench/energy/radio.ts';
import { KeepAliveHdRule } from '../../../bench/energy/rules/keepalivehd.ts';
import { type Step, simulate } from '../../../bench/energy/simulate.ts';
import { buildWorld, usualRtt, type WorldOptions } from '../../../bench/energy/world.ts';

const DAY = 86_400;
const SEEDS = [1, 2, 3];
const LTE = readRadios(new URL('../../../bench/energy/data/radio-energy.csv', import.meta.url)).find(
  (radio) => radio.name === 'lte',
) as Radio;

function setting(idleTimeoutSeconds: number, other: Partial<Setting> = {}): Setting {
  return {
    radio: LTE,
    policy: 'balanced',
    minSeconds: 15,
    maxSeconds: 1200,
    idleTimeoutSeconds,
    backgroundLossPerHour: 0,
    days: [1, 7],
    seed: 1,
    ...other,
  };
}

function timeline(
  world: Partial<WorldOptions> & { readonly seed: number },
  days: number,
  conditions: (nowSeconds: number) => LearnerConditions = () => conditionsOf(setting(0)),
) {
  const rule = new KeepAliveHdRule(conditions);
  const steps: Step[] = [];
  const run = simulate(
    rule,
    buildWorld({
      idleTimeoutSeconds: Number.POSITIVE_INFINITY,
      backgroundLossPerHour: 0,
      seconds: (days + 1) * DAY,
      ...world,
    }),
    LTE,
    [days * DAY],
    (step) => steps.push(step),
  );
  return { rule, steps, total: run.at[0] };
}

describe('on a stable path', () => {
  for (const timeout of [75, 137, 350, 700, 2500]) {
    it(`of ${timeout} s it settles below the timeout with at most 12 drops, and none after`, () => {
      for (const seed of SEEDS) {
        const { steps } = timeline({ idleTimeoutSeconds: timeout, seed }, 21);
        const drops = steps.filter((step) => step.outcome === 'expired');
        assert.ok(drops.length <= 12, `seed ${seed}: ${drops.length} drops`);
        assert.ok(
          drops.every((step) => step.atSeconds < 7 * DAY),
          `seed ${seed}: a late drop`,
        );
        const last = steps.at(-1) as Step;
        assert.ok(
          last.silenceSeconds > 0.9 * Math.min(timeout, 1200),
          `seed ${seed}: ${last.silenceSeconds} s`,
        );
      }
    });
  }

  it('costs little more than the clairvoyant, with other losses too', () => {
    for (const [backgroundLossPerHour, bound] of [
      [0, 1.05],
      [1, 1.08],
    ] as const) {
      const ratios = [45, 100, 240, 430, 1200, 3600].map((timeout) => {
        const one = setting(timeout, { backgroundLossPerHour, seed: 11 });
        const rule = new KeepAliveHdRule(() => conditionsOf(one));
        return runCase(rule, one, referenceOf(one)).oracleRatio[1] as number;
      });
      assert.ok(geometricMean(ratios) <= bound, `seed 11: ${geometricMean(ratios)}`);
      assert.ok(
        ratios.every((ratio) => ratio <= 1.25 && ratio >= 0.95),
        `seed 11: ${ratios}`,
      );
    }
  });
});

describe('the unreachable share', () => {
  for (const policy of ['responsive', 'balanced', 'low_power'] as const) {
    it(`of ${policy} holds on every day, the first too, whatever is learned`, () => {
      for (const timeout of [20, 60, 137, 300, 430, 700, 1100]) {
        const one = setting(timeout, { policy, days: [1, 2, 3, 4] });
        const rule = new KeepAliveHdRule(() => conditionsOf(one));
        const totals = runCase(rule, one, referenceOf(one)).totals;
        const bound = INTERVAL_POLICIES[policy].maxUnreachableShare * DAY;
        totals.forEach((total, day) => {
          const seconds = total.unreachableSeconds - (totals[day - 1]?.unreachableSeconds ?? 0);
          assert.ok(seconds <= bound, `${timeout} s, day ${day + 1}: ${seconds} s`);
        });
      }
    });
  }
});

describe('a path that closes loudly', () => {
  it('is learned from a death or two', () => {
    const { steps, rule } = timeline({ idleTimeoutSeconds: 137, loud: true, seed: 1 }, 2);
    const deaths = steps.filter((step) => step.outcome === 'closed').length;
    assert.ok(deaths <= 4, `${deaths}`);
    const interval = rule.state.choice?.intervalSeconds ?? 0;
    assert.ok(interval > 128 && interval < 137, `${interval}`);
  });
});

describe('drift', () => {
  for (const timeout of [100, 350, 1100]) {
    it(`of ${timeout} s to half is noticed within 5 probes`, () => {
      for (const seed of SEEDS) {
        const change = 7 * DAY;
        const { steps } = timeline(
          { idleTimeoutSeconds: (at) => (at < change ? timeout : timeout / 2), seed },
          8,
        );
        const after = steps.filter((step) => step.atSeconds >= change);
        const noticed = after.findIndex((step) => step.silenceSeconds < timeout / 2);
        assert.ok(noticed >= 0 && noticed <= 5, `seed ${seed}: ${noticed} probes`);
        const last = after.at(-1) as Step;
        assert.ok(last.outcome === 'answered' && last.silenceSeconds > 0.4 * timeout, `seed ${seed}`);
      }
    });
  }
});

describe('signs of trouble', () => {
  const worse = 2 * DAY;

  function before(steps: readonly Step[]): number {
    return (steps.filter((step) => step.atSeconds < worse).at(-1) as Step).silenceSeconds;
  }

  it('jitter shortens the interval within three probes', () => {
    for (const seed of SEEDS) {
      const { steps } = timeline(
        { seed, rttFactor: (at, random) => usualRtt(at, random) * (at < worse ? 1 : 1 + 5 * random()) },
        3,
      );
      const fourth = steps.filter((step) => step.atSeconds >= worse)[4] as Step;
      assert.ok(fourth.silenceSeconds < 0.7 * before(steps), `seed ${seed}: ${fourth.silenceSeconds} s`);
    }
  });

  it('loss shortens the interval within three probes', () => {
    for (const seed of SEEDS) {
      const { steps } = timeline({ seed, repeatProbability: (at) => (at < worse ? 0 : 0.7) }, 3);
      const fourth = steps.filter((step) => step.atSeconds >= worse)[4] as Step;
      assert.ok(fourth.silenceSeconds < 0.7 * before(steps), `seed ${seed}: ${fourth.silenceSeconds} s`);
    }
  });
});

describe('an outage or a tunnel', () => {
  it('now and then leaves the learned interval alone', () => {
    for (const seed of SEEDS) {
      const outages = [8, 9, 10, 11].map((day) => ({ startSeconds: day * DAY, durationSeconds: 900 }));
      const { steps } = timeline({ idleTimeoutSeconds: 300, outages, seed, repeatProbability: () => 0 }, 12);
      const lengths = steps.filter((step) => step.atSeconds > 7 * DAY && step.outcome !== 'outage');
      assert.ok(
        lengths.every((step) => step.silenceSeconds > 250),
        `seed ${seed}`,
      );
    }
  });
});

describe('power', () => {
  const withPower = (batteryPercent: number, externalPower: boolean) => (): LearnerConditions => {
    const base = conditionsOf(setting(0));
    return {
      ...base,
      bounds: { ...base.bounds, maxDetectionSeconds: null },
      power: { batteryPercent, externalPower },
    };
  };

  it('from full to 10 % takes at least a third off the energy per day', () => {
    for (const backgroundLossPerHour of [0, 1]) {
      const joules = [100, 10].map(
        (percent) =>
          timeline({ backgroundLossPerHour, seed: 5 }, 7, withPower(percent, false)).total?.joules ?? 0,
      );
      assert.ok((joules[1] as number) <= (2 / 3) * (joules[0] as number), `seed 5: ${joules}`);
    }
  });

  it('from outside tightens detection where the link fails now and then', () => {
    const last = (external: boolean): number =>
      timeline({ backgroundLossPerHour: 1, seed: 5 }, 7, withPower(100, external)).steps.at(-1)
        ?.silenceSeconds ?? 0;
    assert.ok(last(true) < 0.7 * last(false));
  });
});
