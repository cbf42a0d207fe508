/**
 * The learning engine inside the whole production policy, on time lines: probes, verdicts, reconnects and statuses
 * over a simulated path and broker. Round trips and outages come from a seed, which every failure names.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KeepaliveConfig, KeepaliveState } from '../../../agent/policy/keepalive/types.ts';
import type { Power } from '../../../agent/policy/vitals.ts';
import { Broker } from '../../../bench/world/broker.ts';
import { Device } from '../../../bench/world/device.ts';
import { EventQueue } from '../../../bench/world/event-queue.ts';
import { type Forgetting, Path } from '../../../bench/world/path.ts';
import { exponential, seededRandom } from '../../../bench/world/seeded-random.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Shorter than the least time between a probe and its repeat, so that none is missed. */
const LOOK_MS = SECOND;
const SEEDS = process.env.TEST_SEED === undefined ? [1, 2] : [Number(process.env.TEST_SEED)];

/** The defaults of `config/schema`. */
const CONFIG: KeepaliveConfig = {
  groups: [],
  agentVersion: 'simulated',
  keepalive: {
    intervalSeconds: 30,
    count: 3,
    timeoutSeconds: 90,
    idleThresholdSeconds: 60,
    adaptive: 'balanced',
    minIntervalSeconds: 15,
    maxIntervalSeconds: 1200,
    maxDetectionSeconds: null,
  },
  verdict: { initialSeconds: 15, floorSeconds: 3, ceilingSeconds: 30 },
  reconnect: { minDelaySeconds: 1, maxDelaySeconds: 300, stableAfterSeconds: 60 },
  lowBatteryPercent: 20,
  pathLimitSeconds: null,
  protocol: 'auto',
  connectTimeoutSeconds: 20,
};

/** A probe that is not a repeat, as seen within a second. */
interface Sent {
  readonly at: number;
  /** What it broke, up to a second too long. */
  readonly silenceMs: number;
}

/** One device on one path, watched every second. */
class World {
  readonly queue = new EventQueue();
  readonly settings = {
    delayMs: 60,
    lossRate: 0.01,
    idleTimeoutMs: Number.POSITIVE_INFINITY,
    forgetting: 'silent' as Forgetting,
  };
  readonly sent: Sent[] = [];
  /** Moments at which a link was found lost. */
  readonly losses: number[] = [];
  power: Power = { batteryPercent: 80, external: false };
  readonly device: Device;
  readonly #random: () => number;
  #before: KeepaliveState | null = null;

  constructor(
    seed: number,
    idleTimeoutSeconds = Number.POSITIVE_INFINITY,
    forgetting: Forgetting = 'silent',
  ) {
    this.#random = seededRandom(seed);
    this.settings.forgetting = forgetting;
    this.settings.idleTimeoutMs = idleTimeoutSeconds * SECOND;
    const { queue } = this;
    this.device = new Device({
      name: 'pump',
      config: CONFIG,
      willDelaySeconds: 10,
      queue,
      path: new Path(this.settings, queue, this.#random),
      broker: new Broker(queue, true),
      random: this.#random,
      readPower: () => this.power,
    });
    this.device.start();
    this.#look();
  }

  get intervalSeconds(): number {
    return (this.device.state?.interval.intervalMs ?? Number.NaN) / SECOND;
  }

  passDays(days: number): void {
    this.queue.runUntil(this.queue.now + days * DAY);
  }

  /** Outages of ten minutes, `perHour` of them on average. Gives back when each began. */
  outages(perHour: number, days: number): readonly number[] {
    const starts: number[] = [];
    const end = this.queue.now + days * DAY;
    for (let at = this.queue.now; ; ) {
      at += exponential(this.#random, HOUR / perHour);
      if (at > end) return starts;
      starts.push(at);
      this.queue.at(at, () => this.device.path.outage(10 * MINUTE));
    }
  }

  /** Lets time pass until so many more probes were sent, repeats not counted. */
  passProbes(count: number): void {
    const until = this.sent.length + count;
    while (this.sent.length < until) this.queue.runUntil(this.queue.now + LOOK_MS);
    // The answer to the last one.
    this.queue.runUntil(this.queue.now + 20 * SECOND);
  }

  #look(): void {
    const { state } = this.device;
    const before = this.#before;
    if (state !== null && before !== null && state.starts === before.starts) {
      const { probes, lapses } = state.counters;
      const repeat = state.verdict.unanswered !== null && state.verdict.unanswered.sent > 1;
      if (probes > before.counters.probes && !repeat) {
        this.sent.push({ at: this.queue.now, silenceMs: this.queue.now - before.lastPacketAt });
      }
      if (lapses > before.counters.lapses) this.losses.push(this.queue.now);
    }
    this.#before = state;
    this.queue.after(LOOK_MS, () => this.#look());
  }
}

describe('a device behind a path that forgets', () => {
  for (const timeout of [45, 137, 350, 430]) {
    it(`after ${timeout} s finds it with at most 12 drops in a week, and then stays below`, (test) => {
      const seen = SEEDS.map((seed) => {
        const world = new World(seed, timeout);
        world.passDays(7);
        const drops = world.losses.length;
        assert.ok(drops >= 1 && drops <= 12, `seed ${seed}: ${drops} drops`);
        const interval = world.intervalSeconds;
        assert.ok(interval < timeout && interval > 0.9 * timeout, `seed ${seed}: ${interval} s`);
        world.passDays(7);
        assert.equal(world.losses.length, drops, `seed ${seed}: a drop in the second week`);
        return drops;
      });
      test.diagnostic(`seeds ${SEEDS}: ${seen} drops`);
    });
  }

  for (const forgetting of ['closes', 'reset'] as const) {
    it(`and says so (${forgetting}) learns it as fast, and stays below`, (test) => {
      const seen = SEEDS.map((seed) => {
        const world = new World(seed, 350, forgetting);
        world.passDays(7);
        const drops = world.losses.length;
        assert.ok(drops >= 1 && drops <= 6, `seed ${seed}: ${drops} drops`);
        assert.ok(
          world.intervalSeconds > 315 && world.intervalSeconds < 350,
          `seed ${seed}: ${world.intervalSeconds} s`,
        );
        world.passDays(7);
        assert.equal(world.losses.length, drops, `seed ${seed}: a drop in the second week`);
        return drops;
      });
      test.diagnostic(`seeds ${SEEDS}: ${seen} drops`);
    });
  }

  it('says what it learned in its status and keeps it over a restart: no new drop', () => {
    for (const seed of SEEDS) {
      const world = new World(seed, 350);
      world.passDays(3);
      const [before, drops] = [world.intervalSeconds, world.losses.length];
      assert.match(
        world.device.state?.interval.explanation ?? '',
        /path (forgets after about|lasts) 3\d\d s/,
      );
      world.device.stop();
      world.queue.runUntil(world.queue.now + HOUR);
      assert.equal(world.device.running, false);
      world.device.start();
      world.queue.runUntil(world.queue.now + MINUTE);
      assert.ok(
        Math.abs(world.intervalSeconds - before) < 0.03 * before,
        `seed ${seed}: ${world.intervalSeconds}`,
      );
      world.passDays(7);
      assert.equal(world.losses.length, drops, `seed ${seed}`);
    }
  });

  it('keeps over a power cut what its drops have taught', () => {
    for (const seed of SEEDS) {
      const world = new World(seed, 350);
      world.passDays(3);
      const drops = world.losses.length;
      world.device.kill('power');
      world.queue.runUntil(world.queue.now + HOUR);
      world.device.start();
      world.passDays(7);
      assert.ok(world.losses.length <= drops + 1, `seed ${seed}: ${world.losses.length - drops} new drops`);
    }
  });
});

describe('a path that comes to forget in half the time', () => {
  for (const timeout of [100, 350, 580]) {
    it(`is noticed within 5 probes: ${timeout} s`, (test) => {
      let worst = 0;
      for (const seed of SEEDS) {
        const world = new World(seed, timeout);
        world.passDays(7);
        assert.ok(world.intervalSeconds > 0.9 * timeout, `seed ${seed}: ${world.intervalSeconds} s before`);
        world.settings.idleTimeoutMs = (timeout / 2) * SECOND;
        const before = { probes: world.sent.length, drops: world.losses.length };
        world.passDays(7);
        const after = world.sent.slice(before.probes).map(({ silenceMs }) => silenceMs / SECOND);
        const noticed = after.findIndex((silence) => silence < timeout / 2);
        assert.ok(noticed >= 0 && noticed <= 5, `seed ${seed}: ${after.slice(0, 9)}`);
        const drops = world.losses.length;
        worst = Math.max(worst, drops - before.drops);
        assert.ok(drops - before.drops <= 12, `seed ${seed}: ${drops - before.drops} drops`);
        assert.ok(
          world.intervalSeconds > 0.4 * timeout && world.intervalSeconds < timeout / 2,
          `seed ${seed}`,
        );
        world.passDays(7);
        assert.equal(world.losses.length, drops, `seed ${seed}: still dropped`);
      }
      test.diagnostic(`seeds ${SEEDS}: at most ${worst} drops until it was learned anew`);
    });
  }
});

describe('signs of trouble on the link', () => {
  it('shorten the interval within 3 probes, and it comes back when they pass', () => {
    for (const seed of SEEDS) {
      const world = new World(seed);
      world.passDays(2);
      const before = world.intervalSeconds;
      assert.equal(before, 600, `seed ${seed}`);
      Object.assign(world.settings, { delayMs: 600, lossRate: 0.5 });
      world.passProbes(3);
      const during = world.intervalSeconds;
      assert.ok(during < 0.7 * before, `seed ${seed}: ${during} s after ${before} s`);
      Object.assign(world.settings, { delayMs: 60, lossRate: 0.01 });
      world.passDays(2);
      assert.ok(world.intervalSeconds > 0.9 * before, `seed ${seed}: ${world.intervalSeconds} s afterwards`);
    }
  });
});

describe('power', () => {
  /** Probes a day over four days, after two of getting used to it. */
  function probesPerDay(world: World): number {
    world.passDays(2);
    const before = world.device.state?.counters.probes ?? 0;
    world.passDays(4);
    return ((world.device.state?.counters.probes ?? 0) - before) / 4;
  }

  for (const [name, perHour] of [
    ['that never fails', 0],
    ['that fails every two hours', 0.5],
  ] as const) {
    it(`running down from 100 % to 10 % takes a third off the probes of a day, on a link ${name}`, () => {
      for (const seed of SEEDS) {
        const world = new World(seed);
        world.power = { batteryPercent: 100, external: false };
        if (perHour > 0) world.outages(perHour, 14);
        const full = probesPerDay(world);
        world.power = { batteryPercent: 10, external: false };
        const low = probesPerDay(world);
        assert.ok(low <= (2 / 3) * full, `seed ${seed}: ${low} after ${full} a day`);
      }
    });
  }

  it('runs down gradually: the interval never shrinks on the way', () => {
    for (const seed of SEEDS) {
      const world = new World(seed);
      world.outages(0.5, 14);
      world.power = { batteryPercent: 100, external: false };
      world.passDays(4);
      const intervals: number[] = [];
      for (const batteryPercent of [100, 55, 35, 21, 10]) {
        world.power = { batteryPercent, external: false };
        world.passProbes(2);
        intervals.push(world.intervalSeconds);
      }
      assert.ok((intervals.at(-1) ?? 0) > (intervals[0] ?? 0), `seed ${seed}: ${intervals}`);
    }
  });

  it('from outside tightens detection: an outage is found sooner', (test) => {
    const medians: string[] = [];
    for (const seed of SEEDS) {
      const found = (external: boolean): number => {
        const world = new World(seed);
        world.power = { batteryPercent: 100, external };
        world.outages(1, 4);
        world.passDays(4);
        const starts = world.outages(1, 6);
        world.passDays(6);
        const delays = starts.flatMap((start) => {
          const lossAt = world.losses.find((at) => at > start && at <= start + 10 * MINUTE);
          return lossAt === undefined ? [] : [lossAt - start];
        });
        assert.ok(delays.length > 30, `seed ${seed}: only ${delays.length} outages were noticed`);
        return (delays.sort((a, b) => a - b)[delays.length >> 1] ?? Number.NaN) / SECOND;
      };
      const [battery, plugged] = [found(false), found(true)];
      medians.push(`${Math.round(battery)}/${Math.round(plugged)}`);
      assert.ok(plugged < 0.8 * battery, `seed ${seed}: ${plugged} s and ${battery} s on battery`);
    }
    test.diagnostic(`seeds ${SEEDS}: median seconds on battery/external ${medians}`);
  });
});
