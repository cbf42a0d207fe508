import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  isIsolated,
  type PartitionTrust,
  sharedDoubts,
} from '../../../../../monitor/shared/policy/self-trust.ts';

const well = (fields: Partial<PartitionTrust> = {}): PartitionTrust => ({
  ...{ answeredMs: 10_000, lagMs: 300, isMember: true },
  ...fields,
});

describe('the doubts of one of many monitors', () => {
  it('has none while it hears, writes and takes part', () => {
    assert.deepEqual(sharedDoubts(true, [well(), well()], 10_100), []);
  });

  it('names what is wrong', () => {
    assert.deepEqual(sharedDoubts(false, [well()], 10_100), ['link-lost']);
    assert.deepEqual(sharedDoubts(true, [well(), well({ answeredMs: 8000 })], 10_100), ['store-failing']);
    assert.deepEqual(sharedDoubts(true, [well({ answeredMs: null })], 10_100), ['store-failing']);
    assert.deepEqual(sharedDoubts(true, [well(), well({ isMember: false })], 10_100), ['starting']);
    assert.deepEqual(sharedDoubts(true, [well({ lagMs: 5000 })], 10_100), ['replica-silent']);
    assert.deepEqual(sharedDoubts(false, [well({ answeredMs: 8000 })], 10_100), [
      'link-lost',
      'store-failing',
    ]);
  });

  it('does not blame another replica for what is its own trouble', () => {
    assert.deepEqual(sharedDoubts(false, [well({ lagMs: 9000, isMember: false })], 10_100), ['link-lost']);
  });

  it('leaves the broker before its lease has ended', () => {
    const partitions = [well(), well({ answeredMs: 1000 })];
    assert.equal(isIsolated(partitions, 18_000, 30_000), false);
    assert.equal(isIsolated(partitions, 19_100, 30_000), true);
    assert.equal(isIsolated([well({ answeredMs: null })], 0, 30_000), true);
  });
});
