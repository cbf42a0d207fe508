import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  INITIAL_RECONNECT,
  type ReconnectEvent,
  type ReconnectState,
  type ReconnectStep,
  reconnectStep,
} from '../../../../agent/policy/reconnect.ts';
import { chooseSeed, seeded } from '../../protocol/seeded.ts';

const CONFIG = { minDelaySeconds: 1, maxDelaySeconds: 300, stableAfterSeconds: 60, patienceMs: 90_000 };
const UP: ReconnectEvent = { kind: 'linkUp' };
const TIME: ReconnectEvent = { kind: 'timePassed' };
const STARTED: ReconnectEvent = { kind: 'started' };
const lost = (atOnce = false): ReconnectEvent => ({ kind: 'linkLost', atOnce });
const failed = (atOnce = false): ReconnectEvent => ({ kind: 'connectFailed', atOnce });

/** Plays events at seconds; random numbers are all `random`. */
function play(
  line: readonly (readonly [number, ReconnectEvent])[],
  { random = () => 0.5, config = CONFIG }: { random?: () => number; config?: typeof CONFIG } = {},
): ReconnectStep {
  let state: ReconnectState = INITIAL_RECONNECT;
  let step: ReconnectStep | null = null;
  for (const [seconds, event] of line) {
    step = reconnectStep(state, event, seconds * 1000, config, random);
    state = step.state;
  }
  return step ?? assert.fail('no events');
}

/** The longest delay after each of `count` failures in a row, in seconds, counted from the moment of failure. */
function longestDelays(count: number, config = CONFIG): number[] {
  const delays: number[] = [];
  let { state } = play([[0, STARTED]]);
  let now = 0;
  for (let round = 0; round < count; round += 1) {
    const step = reconnectStep(state, failed(), now, config, () => 1);
    delays.push(step.delayMs / 1000);
    assert.equal(step.wakeAt, now + step.delayMs);
    now += step.delayMs;
    ({ state } = reconnectStep(step.state, TIME, now, config, () => 1));
  }
  return delays;
}

describe('connecting', () => {
  it('starts at once, and waits for what comes of it', () => {
    const first = play([[0, STARTED]]);
    assert.deepEqual([first.connect, first.wakeAt], [true, null]);
    assert.deepEqual(
      [
        play([
          [0, STARTED],
          [99, TIME],
        ]).connect,
        play([
          [0, STARTED],
          [1, UP],
        ]).wakeAt,
      ],
      [false, null],
    );
  });

  it('tries again when the delay is over, not before, and once', () => {
    const waiting = play([
      [0, STARTED],
      [1, failed()],
    ]);
    const at = (waiting.wakeAt ?? assert.fail()) / 1000;
    assert.ok(at > 1 && !waiting.connect);
    const line = [
      [0, STARTED],
      [1, failed()],
    ] as const;
    assert.equal(play([...line, [at - 0.001, TIME]]).connect, false);
    assert.deepEqual([play([...line, [at, TIME]]).connect, play([...line, [at, TIME]]).wakeAt], [true, null]);
    assert.equal(play([...line, [at, TIME], [at + 1, TIME]]).connect, false);
  });

  it('goes at once when nothing is known to be wrong with the broker', () => {
    assert.equal(
      play([
        [0, STARTED],
        [1, failed(true)],
      ]).connect,
      true,
    );
    assert.equal(
      play([
        [0, STARTED],
        [1, UP],
        [61, lost(true)],
      ]).connect,
      true,
    );
  });
});

describe('the delay', () => {
  it('uses the whole span from min_delay to the ceiling: full jitter', (test) => {
    const seed = chooseSeed();
    test.diagnostic(`TEST_SEED=${seed}`);
    const random = seeded(seed);
    const { state } = play([
      [0, STARTED],
      [0, failed()],
      [0, failed()],
    ]);
    const delays = Array.from(
      { length: 8000 },
      () => reconnectStep(state, failed(), 0, CONFIG, random).delayMs,
    );
    // The third failure: between 1 s and 1 s × 2^4, uniform, so each eighth holds about 1,000 of 8,000.
    const eighths = Array<number>(8).fill(0);
    for (const delayMs of delays) {
      const at = Math.floor((8 * (delayMs - 1000)) / 15_000);
      assert.ok(at >= 0 && at < 8, `${delayMs} ms`);
      eighths[at] = (eighths[at] ?? 0) + 1;
    }
    for (const count of eighths) assert.ok(Math.abs(count - 1000) < 200, eighths.join(' '));
  });

  it('doubles up to half of keepalive_timeout while the monitor waits, and to max_delay once it has given up', () => {
    const delays = longestDelays(12);
    assert.deepEqual(delays.slice(0, 6), [4, 8, 16, 32, 45, 128]);
    assert.ok(delays.slice(7).every((delay) => delay === 300));
  });

  it('is below keepalive_timeout at any moment at which the monitor still waits', () => {
    for (const patienceMs of [3000, 10_000, 90_000, 1_800_000]) {
      let { state } = play(
        [
          [0, STARTED],
          [0, UP],
          [100, lost()],
        ],
        { config: { ...CONFIG, patienceMs } },
      );
      for (let now = 100_000; now < 100_000 + patienceMs; now += patienceMs / 7) {
        const step = reconnectStep(state, failed(), now, { ...CONFIG, patienceMs }, () => 1);
        assert.ok(step.delayMs <= patienceMs / 2, `${step.delayMs} of ${patienceMs}`);
        state = step.state;
      }
    }
  });

  it('is max_delay at the most, also where keepalive_timeout is longer', () => {
    const config = { ...CONFIG, maxDelaySeconds: 20, patienceMs: 3_600_000 };
    assert.deepEqual(longestDelays(6, config), [4, 8, 16, 20, 20, 20]);
  });
});

describe('the stability window', () => {
  const failures = (line: readonly (readonly [number, ReconnectEvent])[]): number =>
    play([[0, STARTED], ...line]).state.failures;

  it('forgets failures only after a connection that lasted', () => {
    const troubled = [
      [1, failed()],
      [2, failed()],
      [3, UP],
    ] as const;
    assert.equal(failures([...troubled, [62.999, lost()]]), 3);
    assert.equal(failures([...troubled, [63, lost()]]), 0);
  });

  it('counts a broker that kicks after CONNACK as failing: each round waits longer', () => {
    const delays: number[] = [];
    let { state } = play([[0, STARTED]]);
    let now = 0;
    for (let round = 0; round < 4; round += 1) {
      state = reconnectStep(state, UP, now, CONFIG, () => 1).state;
      const step = reconnectStep(state, lost(true), now + 10, CONFIG, () => 1);
      assert.equal(step.connect, false);
      delays.push(step.delayMs / 1000);
      now += 10 + step.delayMs;
      state = reconnectStep(step.state, TIME, now, CONFIG, () => 1).state;
    }
    assert.deepEqual(delays, [4, 8, 16, 32]);
  });

  it('spreads devices whose broker closed on all of them, however long they were connected', () => {
    const delay = (random: number): number =>
      play(
        [
          [0, STARTED],
          [1, UP],
          [9999, lost()],
        ],
        { random: () => random },
      ).delayMs;
    assert.deepEqual([delay(0), delay(1)], [1000, 2000]);
  });
});
