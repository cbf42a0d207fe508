import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  admits,
  type CircuitState,
  CLOSED,
  circuitFailed,
  circuitPhase,
} from '../../../../monitor/policy/circuit.ts';

const BOUNDS = { minDelayMs: 1000, maxDelayMs: 300_000 };

function failed(subjects: readonly string[], nowMs = 0, retryAfterMs: number | null = null): CircuitState {
  let state = CLOSED;
  for (const subject of subjects)
    state = circuitFailed(state, [subject], retryAfterMs, nowMs, BOUNDS, () => 0);
  return state;
}

describe('the circuit of a sink', () => {
  it('opens after five failures in a row, and lets one through when the wait is over', () => {
    assert.equal(circuitPhase(failed(['a', 'b', 'c', 'd']), 0), 'closed');
    const open = failed(['a', 'b', 'c', 'd', 'e']);
    assert.equal(circuitPhase(open, 999), 'open');
    assert.ok(!admits(open, 'f', 0, 999));
    assert.equal(circuitPhase(open, 1000), 'half-open');
    assert.ok(admits(open, 'f', 0, 1000));
    assert.ok(!admits(open, 'f', 1, 1000));
  });

  it('waits longer each time, up to the bound', () => {
    let state = failed(['a', 'b', 'c', 'd', 'e']);
    const waits: number[] = [];
    for (let round = 0, nowMs = 1000; round < 12; round += 1) {
      state = circuitFailed(state, ['a'], null, nowMs, BOUNDS, () => 0.999_999);
      waits.push((state.openUntilMs ?? 0) - nowMs);
      nowMs = state.openUntilMs ?? 0;
    }
    assert.ok(waits.every((wait, at) => at === 0 || wait >= (waits[at - 1] ?? 0) - 1));
    assert.equal(Math.round((waits.at(-1) ?? 0) / 1000), 300);
  });

  it('lets others try when it was always the same subject that failed', () => {
    const one = failed(['a', 'a', 'a', 'a', 'a', 'a']);
    assert.equal(circuitPhase(one, 1), 'open');
    assert.ok(!admits(one, 'a', 0, 1));
    assert.ok(admits(one, 'b', 0, 1));
    assert.ok(!admits(one, 'b', 1, 1));
    const two = circuitFailed(one, ['b'], null, 1, BOUNDS, () => 0);
    assert.ok(!admits(two, 'c', 0, 2));
  });

  it('believes a receiver that says when to come back, at once and for everybody, for an hour at most', () => {
    const asked = failed(['a'], 0, 60_000);
    assert.ok(!admits(asked, 'b', 0, 59_999));
    assert.ok(admits(asked, 'b', 0, 60_000));
    assert.equal(failed(['a'], 0, 1e12).openUntilMs, 3_600_000);
  });
});
