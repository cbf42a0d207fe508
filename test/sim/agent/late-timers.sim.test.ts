/**
 * A path whose limit falls, and timers that fire late: how many connections that costs, over many seeds. The same
 * seconds instead of minutes as in test/e2e/nat, whose bounds rest on these figures.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type IntervalConfig,
  type IntervalState,
  initialInterval,
  intervalStep,
} from '../../../agent/policy/interval.ts';
import { seededRandom } from '../../../bench/world/seeded-random.ts';

const SEEDS = 50;
const MOST_PROBES = 300;
const CONFIG: IntervalConfig = {
  keepalive: {
    intervalSeconds: 3,
    count: 3,
    timeoutSeconds: 9,
    idleThresholdSeconds: 60,
    adaptive: 'low_power',
    minIntervalSeconds: 1,
    maxIntervalSeconds: 6,
    maxDetectionSeconds: null,
  },
  lowBatteryPercent: 20,
  pathLimitSeconds: null,
};

/** A device that joins a path, probes, and loses its connection when the path has forgotten it. */
class Prober {
  drops = 0;
  silenceSeconds = 0;
  #state: IntervalState;
  readonly #random: () => number;
  readonly #latestSeconds: number;

  constructor(seed: number, latestSeconds: number) {
    this.#random = seededRandom(seed);
    this.#latestSeconds = latestSeconds;
    this.#state = intervalStep(
      initialInterval(CONFIG),
      { kind: 'networkJoined', network: { key: 'n1-home', radio: 'ethernet' }, belief: null },
      CONFIG,
    );
  }

  get intervalSeconds(): number {
    return this.#state.intervalMs / 1000;
  }

  /** One silence and its probe. False: the connection is lost. */
  probe(idleTimeoutSeconds: number): boolean {
    const lateSeconds = this.#random() * this.#latestSeconds;
    this.silenceSeconds = this.intervalSeconds + lateSeconds;
    const silenceMs = this.silenceSeconds * 1000;
    this.#state = intervalStep(this.#state, { kind: 'timerFired', lateMs: lateSeconds * 1000 }, CONFIG);
    const isAnswered = this.silenceSeconds < idleTimeoutSeconds;
    if (!isAnswered) this.drops += 1;
    this.#state = intervalStep(
      this.#state,
      isAnswered
        ? { kind: 'probeAcked', silenceMs, rttMs: 1 + 10 * this.#random(), sent: 1 }
        : { kind: 'linkLost', cause: 'path-forgot', silenceMs, closedWhileIdle: false },
      CONFIG,
    );
    return isAnswered;
  }
}

/** Drops from the fall of the limit until three probes in a row are answered near the new one. */
function dropsOfFall(seed: number, latestSeconds: number, toSeconds: number, answersBefore: number): number {
  const prober = new Prober(seed, latestSeconds);
  for (let long = 0, sent = 0; long < answersBefore && sent < MOST_PROBES; sent++) {
    if (prober.probe(60) && prober.silenceSeconds > 5.5) long += 1;
  }
  const before = prober.drops;
  for (let good = 0, sent = 0; good < 3; sent++) {
    assert.ok(sent < MOST_PROBES, `seed ${seed}: never settles`);
    const isNear = prober.probe(toSeconds) && prober.silenceSeconds >= toSeconds / 2;
    good = isNear && prober.drops > before ? good + 1 : 0;
  }
  return prober.drops - before;
}

describe('a limit that falls', () => {
  for (const [latestSeconds, most] of [
    [0.005, 5],
    [0.05, 7],
    [0.3, 8],
  ] as const) {
    it(`costs at most ${most} connections with timers up to ${latestSeconds} s late`, (test) => {
      const drops: number[] = [];
      for (const to of [1.5, 3, 5]) {
        for (const answersBefore of [1, 2, 5]) {
          for (let seed = 1; seed <= SEEDS; seed++) {
            const count = dropsOfFall(seed, latestSeconds, to, answersBefore);
            assert.ok(
              count <= most,
              `seed ${seed}, to ${to} s after ${answersBefore} answers: ${count} drops`,
            );
            drops.push(count);
          }
        }
      }
      const mean = drops.reduce((sum, count) => sum + count, 0) / drops.length;
      test.diagnostic(
        `seeds 1 to ${SEEDS}: ${mean.toFixed(1)} drops on average, at most ${Math.max(...drops)}`,
      );
    });
  }
});

describe('timers that fire late', () => {
  it('on a path of 3 s cost few connections once its limit is known', () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const prober = new Prober(seed, 0.3);
      for (let sent = 0; sent < 40; sent++) prober.probe(3);
      const { drops } = prober;
      for (let sent = 0; sent < 100; sent++) prober.probe(3);
      assert.ok(prober.drops - drops <= 6, `seed ${seed}: ${prober.drops - drops} drops in 100 probes`);
    }
  });
});
