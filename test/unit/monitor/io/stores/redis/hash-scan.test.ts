import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RedisArgument, RedisClient } from '../../../../../../monitor/io/stores/redis/client.ts';
import { scanHash } from '../../../../../../monitor/io/stores/redis/hash-scan.ts';

describe('a large hash', () => {
  it('is read to its end, a field that comes twice once, as it was last', async () => {
    const pieces: Readonly<Record<string, readonly [string, readonly string[]]>> = {
      '0': ['17', ['a', '1', 'b', '1']],
      '17': ['9', []],
      '9': ['0', ['b', '2', 'c', '1']],
    };
    const asked: RedisArgument[] = [];
    const redis = {
      async command(name: string, [key, cursor = '']: readonly RedisArgument[]) {
        asked.push(name, key ?? '', cursor);
        return pieces[String(cursor)];
      },
    } as unknown as RedisClient;
    assert.deepEqual(
      [...(await scanHash(redis, 'k'))],
      [
        ['a', '1'],
        ['b', '2'],
        ['c', '1'],
      ],
    );
    assert.deepEqual(asked, ['HSCAN', 'k', '0', 'HSCAN', 'k', '17', 'HSCAN', 'k', '9']);
  });
});
