import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isPreferred, partitionOf } from '../../../../../monitor/shared/policy/partitions.ts';

describe('the partition of a device', () => {
  it('never changes: what is stored under it must be found again', () => {
    const found = ['pump-17', 'a', 'device:0042', 'x'.repeat(64)].map((name) => partitionOf(name, 16));
    assert.deepEqual(found, [10, 12, 5, 5]);
    // FNV-1a of "a" is 0xe40c292c (its authors' test vectors).
    assert.equal(partitionOf('a', 2 ** 32), 0xe40c292c);
  });

  it('spreads a fleet evenly', () => {
    const counts = new Array<number>(16).fill(0);
    for (let at = 0; at < 16_000; at += 1) {
      const partition = partitionOf(`pump-${at}`, 16);
      counts[partition] = (counts[partition] ?? 0) + 1;
    }
    for (const count of counts) assert.ok(count > 850 && count < 1150, counts.join());
  });
});

describe('the preferred replica of a partition', () => {
  it('is exactly one, whatever the order they are named in', () => {
    const replicas = ['c', 'a', 'b'];
    for (let partition = 0; partition < 7; partition += 1) {
      const preferred = replicas.filter((self) => isPreferred(partition, self, replicas));
      assert.equal(preferred.length, 1);
      assert.deepEqual(
        preferred,
        replicas.filter((self) => isPreferred(partition, self, replicas.toReversed())),
      );
    }
    assert.equal(isPreferred(0, 'a', []), false);
  });
});
