import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RedisArgument, RedisClient } from '../../../../../../monitor/io/stores/redis/client.ts';
import { partitionKeys } from '../../../../../../monitor/io/stores/redis/keys.ts';
import { NoticeReads } from '../../../../../../monitor/io/stores/redis/notice-reads.ts';
import { adoptedNotice } from '../../../../../../monitor/policy/notice-book.ts';
import { alertOf, messageOf } from '../../samples.ts';

const KEYS = partitionKeys('khd', 0);
const textOf = (device: string): string =>
  JSON.stringify(adoptedNotice(alertOf(device, 1), ['log'], 'critical'));

/** Notices as text, all of them due. */
function readsOf(notices: Readonly<Record<string, string | null>>) {
  const damaged: string[] = [];
  const asked: (readonly RedisArgument[])[] = [];
  const redis = {
    async command(name: string, args: readonly RedisArgument[]): Promise<unknown> {
      if (name === 'ZRANGEBYSCORE') return Object.keys(notices);
      if (name === 'HMGET') return Object.values(notices);
      if (name === 'HSCAN') return ['0', Object.entries(notices).flat()];
      asked.push([name, ...args]);
      return 1;
    },
    async script(_script: unknown, keys: readonly string[], args: readonly RedisArgument[]) {
      asked.push([...keys, ...args]);
      return [1, 0];
    },
  } as unknown as RedisClient;
  const onDamaged = (table: string, key: string): void => void damaged.push(`${table} ${key}`);
  return { reads: new NoticeReads(redis, KEYS, ['mqtt', 'log'], onDamaged), damaged, asked };
}

describe('the open notices of a partition', () => {
  it('that are gone or torn do not stand before the others for ever', async () => {
    const { reads, damaged, asked } = readsOf({ a: textOf('a'), b: null, c: textOf('c').slice(0, 50) });
    const due = await reads.due(5000, 9);
    assert.deepEqual(
      due.map(({ device, text }) => [device, text]),
      [['a', textOf('a')]],
    );
    assert.deepEqual([asked, damaged], [[['ZREM', KEYS.wake, 'b', 'c']], ['notices c']]);
  });

  it('are all given, but for those that are torn, which are named', async () => {
    const { reads, damaged } = readsOf({ a: textOf('a'), b: '{', c: textOf('c') });
    const found: string[] = [];
    for await (const some of reads.all()) found.push(...some.map(({ device }) => device));
    assert.deepEqual([found, damaged], [['a', 'c'], ['notices b']]);
  });

  it('are still open while the very same stands there, and not another of the same device', async () => {
    const again = adoptedNotice(alertOf('b', 2), ['log'], 'critical');
    const { reads } = readsOf({ a: textOf('a'), b: JSON.stringify(again), c: null, d: '{' });
    const seen = ['a', 'b', 'c', 'd'].map((device) => adoptedNotice(alertOf(device, 1), ['log'], 'critical'));
    assert.deepEqual(await reads.stillOpen(seen), ['a:1']);
    assert.deepEqual(await reads.stillOpen([]), []);
  });

  it('are committed as they were read, with what sinks are owed by their place', async () => {
    const { reads, asked } = readsOf({ a: textOf('a'), b: textOf('b') });
    const [a, b] = await reads.due(5000, 9);
    assert.ok(a && b);
    const messages = [messageOf('log', 'a', 1)];
    const owed = { messages, notice: a.record, wakeMs: 7 };
    const nothing = { messages: [], notice: undefined, wakeMs: null };
    const went = await reads.commit([
      [a, owed],
      [b, nothing],
    ]);
    assert.deepEqual(went, [true, false]);
    assert.deepEqual(asked, [
      [
        ...[KEYS.notices, KEYS.wake, KEYS.outbox('mqtt'), KEYS.outbox('log'), 2],
        ...['a', textOf('a'), JSON.stringify(a.record), 7, 1, 2, JSON.stringify(messages[0])],
        ...['b', textOf('b'), '', '', 0],
      ],
    ]);
  });
});
