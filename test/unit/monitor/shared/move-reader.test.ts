import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MoveReader } from '../../../../monitor/shared/move-reader.ts';
import { isAfter, type MoveEntry } from '../../../../monitor/shared/policy/move.ts';

/** Streams of entries that are damaged: only their order matters here. */
function streamsOf(...streams: string[][]) {
  const asked: string[] = [];
  const source = {
    async moves(partition: number, position: string, limit: number) {
      asked.push(`${partition} ${position}`);
      const ids = streams[partition] ?? [];
      const entries = ids.filter((id) => isAfter(id, position)).slice(0, limit);
      return { last: ids.at(-1) ?? '0-0', entries: entries.map((id): MoveEntry => [id, null]) };
    },
  };
  const reader = new MoveReader(
    source,
    streams.map(() => '0-0'),
  );
  const taken: string[] = [];
  const follow = () => reader.follow((partition, [id]) => void taken.push(`${partition} ${id}`));
  return { streams, asked, taken, follow };
}

const idsOf = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, n) => `${from + n}-0`);

describe('what is read of the streams of all partitions', () => {
  it('comes in the order of time, and then there is nothing more', async () => {
    const { taken, follow, streams } = streamsOf(['1-0', '5-0'], ['3-0'], []);
    assert.equal((await follow()).isDrained, true);
    assert.deepEqual(taken, ['0 1-0', '1 3-0', '0 5-0']);
    streams[2]?.push('4-0');
    assert.equal((await follow()).isDrained, true);
    assert.deepEqual(taken.slice(3), ['2 4-0']);
  });

  it('waits for streams that are behind, and is not read again meanwhile', async () => {
    const { taken, asked, follow } = streamsOf(idsOf(1, 1200), ['1100-1', '9999-0']);
    assert.equal((await follow()).isDrained, true);
    const at = taken.indexOf('1 1100-1');
    assert.deepEqual([taken[at - 1], taken[at + 1]], ['0 1100-0', '0 1101-0']);
    assert.deepEqual([taken.length, taken.at(-1)], [1202, '1 9999-0']);
    assert.deepEqual(
      asked.filter((text) => text.startsWith('1')),
      ['1 0-0'],
    );
  });

  it('ends a round when it has enough, and goes on where it was', async () => {
    const { taken, follow } = streamsOf(idsOf(1, 4600), idsOf(2000, 10));
    assert.equal((await follow()).isDrained, false);
    const { length } = taken;
    assert.ok(length >= 4000 && length < 4610, `${length}`);
    assert.equal((await follow()).isDrained, true);
    assert.deepEqual([taken.length, new Set(taken).size], [4610, 4610]);
  });

  it('says of a stream that ends before what was read of it', async () => {
    const { streams, follow } = streamsOf(['1-0', '5-0'], []);
    await follow();
    streams[0]?.pop();
    assert.deepEqual((await follow()).shortened, [[0, '1-0']]);
  });
});
