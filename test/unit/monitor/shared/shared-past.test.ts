import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Transition } from '../../../../monitor/policy/device.ts';
import { partitionOf } from '../../../../monitor/shared/policy/partitions.ts';
import { sharedPast } from '../../../../monitor/shared/shared-past.ts';
import { alertOf, recordOf, transitionOf } from '../io/samples.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e'];
const own = (at: number): readonly string[] => NAMES.filter((name) => partitionOf(name, 2) === at);

/** Two partitions, in which each device died once. */
const past = sharedPast(
  [0, 1].map((at) => ({
    transitions: async (device: string): Promise<readonly Transition[]> =>
      own(at).includes(device) ? [transitionOf(device, 1, { atMs: 1000 })] : [],
    async *allTransitions() {
      for (const name of own(at)) yield [transitionOf(name, 1)];
    },
    async *allResolved() {
      yield own(at).map((name) => alertOf(name, 1, { resolvedMs: 9 }));
    },
  })),
);

describe('the past of a fleet that many monitors share', () => {
  it('is that of the device, from its own partition', async () => {
    for (const name of NAMES) {
      const { deaths, samples } = await past.device(recordOf(name), 2000);
      assert.deepEqual(deaths, { day: 1, week: 1, month: 1 });
      assert.deepEqual(samples.hours, []);
    }
  });

  it('is everything of all partitions', async () => {
    const moved: string[] = [];
    for await (const piece of past.transitions()) moved.push(...piece.map(({ device }) => device));
    const told: string[] = [];
    for await (const piece of past.resolvedAlerts()) told.push(...piece.map(({ device }) => device));
    assert.deepEqual([moved.toSorted(), told.toSorted()], [NAMES, NAMES]);
  });
});
