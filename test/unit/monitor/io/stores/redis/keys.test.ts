import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { commonKeys, incidentKeys, partitionKeys } from '../../../../../../monitor/io/stores/redis/keys.ts';

const namesIn = (keys: object): string[] =>
  Object.values(keys).map((key: unknown) => (typeof key === 'function' ? String(key('log')) : String(key)));
const tagOf = (key: string): string | undefined => /^\{[^{}]+\}/.exec(key)?.[0];

describe('the keys of a fleet in Redis', () => {
  it('are in one hash slot for all of a partition, and of the incidents', () => {
    for (const keys of [partitionKeys('khd', 3), incidentKeys('khd'), commonKeys('khd')])
      assert.equal(new Set(namesIn(keys).map(tagOf)).size, 1);
    assert.notEqual(tagOf(partitionKeys('khd', 3).due), tagOf(partitionKeys('khd', 4).due));
  });

  it('are never those of another partition, or of a fleet whose prefix is like its own', () => {
    const prefixes = ['khd', 'khd:1', 'khd:common', 'khd:incidents', 'khd:1:1', '1', 'khd:'];
    const all = prefixes.flatMap((prefix) => [
      ...[0, 1, 11].flatMap((partition) => namesIn(partitionKeys(prefix, partition))),
      ...namesIn(incidentKeys(prefix)),
      ...namesIn(commonKeys(prefix)),
    ]);
    assert.equal(new Set(all).size, all.length);
  });
});
