import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { availabilityOf, type Span } from '../../../../monitor/policy/availability.ts';
import type { DeviceState, Transition } from '../../../../monitor/policy/device.ts';
import { transitionOf } from '../io/samples.ts';

const HOUR_MS = 3_600_000;
const NOW_MS = 1000 * HOUR_MS;
/** Hours ago. */
const ago = (hours: number): number => NOW_MS - hours * HOUR_MS;

/** Oldest first: hours ago, state, hours ago of the last sign of life. */
function moves(...list: readonly (readonly [number, DeviceState, number?])[]): Transition[] {
  return list
    .map(([hours, to, heard]) =>
      transitionOf('d', 1, { to, atMs: ago(hours), lastHeardMs: ago(heard ?? hours) }),
    )
    .toReversed();
}

function dayHours(
  transitions: readonly Transition[],
  doubts: readonly Span[] = [],
): readonly [number, number] {
  const { upSeconds, knownSeconds } = availabilityOf(transitions, doubts, NOW_MS).day;
  return [upSeconds / 3600, knownSeconds / 3600];
}

describe('availability', () => {
  it('is all of the time since a device was first heard', () => {
    assert.deepEqual(dayHours(moves([10, 'alive'])), [10, 10]);
    assert.deepEqual(dayHours([]), [0, 0]);
  });

  it('counts a silence that ended in death from the last sign of life', () => {
    assert.deepEqual(dayHours(moves([20, 'alive'], [9, 'late'], [8, 'dead', 10], [4, 'alive'])), [14, 20]);
  });

  it('counts a late device that came back as up', () => {
    assert.deepEqual(dayHours(moves([20, 'alive'], [9, 'late'], [8, 'alive'])), [20, 20]);
  });

  it('knows nothing of devices that left or are unknown', () => {
    assert.deepEqual(dayHours(moves([20, 'alive'], [15, 'left'], [10, 'unknown'], [6, 'alive'])), [11, 11]);
  });

  it('leaves out what the monitor could not know', () => {
    const doubts = [
      { fromMs: ago(13), toMs: ago(11) },
      { fromMs: ago(3), toMs: ago(2) },
    ];
    assert.deepEqual(dayHours(moves([20, 'alive'], [12, 'dead', 12], [4, 'alive']), doubts), [10, 17]);
  });

  it('cuts at the beginning of each window', () => {
    const { day, week, month } = availabilityOf(moves([400, 'alive'], [12, 'dead', 12]), [], NOW_MS);
    assert.deepEqual([day.upSeconds, day.knownSeconds], [12 * 3600, 24 * 3600]);
    assert.deepEqual([week.upSeconds, week.knownSeconds], [156 * 3600, 168 * 3600]);
    assert.deepEqual([month.upSeconds, month.knownSeconds], [388 * 3600, 400 * 3600]);
  });
});
