import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  type DeliveryEvent,
  type DeliveryState,
  deliveryStep,
  IDLE,
} from '../../../../monitor/policy/delivery.ts';

const BOUNDS = { minDelayMs: 1000, maxDelayMs: 300_000 };
const never = (): number => assert.fail('no chance is involved here');

function run(state: DeliveryState, event: DeliveryEvent, nowMs = 0, random = never) {
  return deliveryStep(state, event, nowMs, BOUNDS, random);
}

const delivering = run(IDLE, { kind: 'queueSeen', headId: 7 }).state;

describe('delivery', () => {
  it('delivers the head, settles after the yes, then looks for the next', () => {
    const first = run(IDLE, { kind: 'queueSeen', headId: 7 });
    assert.deepEqual(first.effect, { kind: 'deliver', messageId: 7 });
    const yes = run(first.state, { kind: 'delivered' });
    assert.deepEqual(yes.effect, { kind: 'settle', messageId: 7, result: 'delivered' });
    const done = run(yes.state, { kind: 'settled' });
    assert.deepEqual(done.effect, { kind: 'look' });
    assert.deepEqual(done.state, IDLE);
    assert.equal(run(done.state, { kind: 'queueSeen', headId: null }).effect, null);
  });

  it('never overtakes: a new head waits while one is under way or waiting', () => {
    const waiting = run(delivering, { kind: 'deliveryFailed', error: 'x', retryAfterMs: null }, 0, () => 0);
    const settling = run(delivering, { kind: 'delivered' });
    for (const { state } of [{ state: delivering }, waiting, settling]) {
      const next = run(state, { kind: 'queueSeen', headId: 8 });
      assert.equal(next.effect, null);
      assert.equal(next.state.messageId, 7);
    }
  });

  it('settles a refusal with its reason', () => {
    const { effect, reason } = run(delivering, { kind: 'refused', error: 'HTTP 404' });
    assert.deepEqual(effect, { kind: 'settle', messageId: 7, result: 'refused' });
    assert.equal(reason, 'refused for good: HTTP 404');
  });

  it('doubles the jittered wait up to the bound, and forgets failures after a success', () => {
    const waits: number[] = [];
    let state = delivering;
    for (let failure = 0; failure < 12; failure += 1) {
      const failed = run(state, { kind: 'deliveryFailed', error: 'down', retryAfterMs: null }, 5000, () => 1);
      assert.equal(failed.reason, 'down');
      waits.push((failed.wakeAtMs ?? 0) - 5000);
      assert.equal(run(failed.state, { kind: 'timePassed' }, (failed.wakeAtMs ?? 0) - 1).effect, null);
      const again = run(failed.state, { kind: 'timePassed' }, failed.wakeAtMs ?? 0);
      assert.deepEqual(again.effect, { kind: 'deliver', messageId: 7 });
      state = again.state;
    }
    assert.deepEqual(waits.slice(0, 4), [2000, 4000, 8000, 16_000]);
    assert.equal(waits.at(-1), BOUNDS.maxDelayMs);
    assert.equal(run(state, { kind: 'delivered' }).state.failures, 0);
  });

  it('waits as long as the sink asks, within an hour', () => {
    const wakeFor = (retryAfterMs: number): number | null =>
      run(delivering, { kind: 'deliveryFailed', error: '429', retryAfterMs }, 0, () => 0).wakeAtMs;
    assert.equal(wakeFor(60_000), 60_000);
    assert.equal(wakeFor(10), 1000);
    assert.equal(wakeFor(1e12), 3_600_000);
  });

  it('repeats only the recording when the store fails after the yes', () => {
    const yes = run(delivering, { kind: 'delivered' });
    const failed = run(yes.state, { kind: 'settleFailed', error: 'disk' }, 0, () => 0);
    const again = run(failed.state, { kind: 'timePassed' }, failed.wakeAtMs ?? 0);
    assert.deepEqual(again.effect, { kind: 'settle', messageId: 7, result: 'delivered' });
  });

  it('whatever happens: settles only what was answered, and is always idle, busy or due to wake', () => {
    const event: fc.Arbitrary<DeliveryEvent> = fc.oneof(
      fc.record({ kind: fc.constant('queueSeen' as const), headId: fc.option(fc.nat(3)) }),
      fc.constantFrom<DeliveryEvent>(
        { kind: 'delivered' },
        { kind: 'refused', error: 'no' },
        { kind: 'deliveryFailed', error: 'x', retryAfterMs: null },
        { kind: 'deliveryFailed', error: 'x', retryAfterMs: 5000 },
        { kind: 'settled' },
        { kind: 'settleFailed', error: 'x' },
        { kind: 'timePassed' },
      ),
    );
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 40 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (events, chance) => {
          let state: DeliveryState = IDLE;
          let answered = false;
          let nowMs = 0;
          for (const happened of events) {
            nowMs += 700;
            if (
              state.phase === 'delivering' &&
              (happened.kind === 'delivered' || happened.kind === 'refused')
            )
              answered = true;
            const next = deliveryStep(state, happened, nowMs, BOUNDS, () => chance);
            if (next.effect?.kind === 'settle') assert.ok(answered);
            if (next.effect?.kind === 'deliver') assert.ok(!answered, 'delivered again after the answer');
            if (next.effect?.kind === 'look') answered = false;
            assert.equal(next.state.phase === 'waiting', next.wakeAtMs !== null);
            assert.equal(next.state.phase === 'idle', next.state.messageId === null);
            state = next.state;
          }
        },
      ),
    );
  });
});
