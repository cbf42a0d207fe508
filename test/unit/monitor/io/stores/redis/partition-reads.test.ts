import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RedisArgument, RedisClient } from '../../../../../../monitor/io/stores/redis/client.ts';
import { partitionKeys } from '../../../../../../monitor/io/stores/redis/keys.ts';
import { PartitionReads } from '../../../../../../monitor/io/stores/redis/partition-reads.ts';
import { alertOf, transitionOf } from '../../samples.ts';

const KEYS = partitionKeys('khd', 0);

/** Answers as it is told; scripts note what they were given. */
function readsOf(answers: Readonly<Record<string, unknown>>) {
  const damaged: string[] = [];
  const scripted: (readonly [string, readonly RedisArgument[]])[] = [];
  const redis = {
    command: async (name: string) => answers[name],
    script: async ({ name }: { name: string }, _keys: unknown, args: readonly RedisArgument[]) => {
      scripted.push([name, args]);
      return name === 'khdForget' ? args.slice(1) : args.length / 2;
    },
  } as unknown as RedisClient;
  const reads = new PartitionReads(redis, KEYS, (table, key) => void damaged.push(`${table} ${key}`));
  return { reads, damaged, scripted };
}

const row = (device: string, sequence: number): string =>
  `${device} ${String(sequence).padStart(16, '0')} ${JSON.stringify(transitionOf(device, sequence))}`;

describe('what is read of a partition', () => {
  it('names torn alerts and transitions, and gives the rest', async () => {
    const good = JSON.stringify(alertOf('a', 1));
    const { reads, damaged } = readsOf({
      ZREVRANGEBYLEX: [row('a', 2), `${row('a', 1).slice(0, 40)}`],
      HSCAN: ['0', ['a', good, 'b', good.slice(0, 30)]],
      ZREVRANGEBYSCORE: ['null', good],
    });
    assert.deepEqual(await reads.transitions('a', 9), [transitionOf('a', 2)]);
    assert.deepEqual(await reads.openAlerts(9), [alertOf('a', 1)]);
    assert.deepEqual(await reads.resolvedAlerts(9), [alertOf('a', 1)]);
    assert.deepEqual(
      damaged.map((text) => text.split(' ')[0]),
      ['transitions', 'open-alerts', 'resolved-alerts'],
    );
  });

  it('forgets transitions as stream and history have them, and only old ones', async () => {
    const entry = (id: string, sequence: number): [string, string[]] => {
      const text = JSON.stringify(transitionOf('a', sequence));
      return [id, ['device', 'a', 'sequence', String(sequence).padStart(16, '0'), 'transition', text]];
    };
    const { reads, scripted } = readsOf({
      ZREMRANGEBYSCORE: 3,
      ZRANGEBYSCORE: ['gone'],
      XRANGE: [entry('1-0', 1), entry('2-0', 2), entry('9-0', 9)],
    });
    assert.deepEqual(await reads.prune(3000), { transitions: 2, alerts: 3, devices: ['gone'] });
    assert.deepEqual(scripted, [
      ['khdForget', [3000, 'gone']],
      ['khdDrop', ['1-0', row('a', 1), '2-0', row('a', 2)]],
    ]);
  });

  it('forgets what is old also behind what a monitor wrote whose clock was ahead, and reads no further than that', async () => {
    const ages = [...Array(600).fill(9e12), ...Array(600).fill(1000), ...Array(1200).fill(6000)];
    const rows = ages.map((atMs, at): [string, string[]] => {
      const text = JSON.stringify(transitionOf('a', at, { atMs }));
      return [
        `${at < 1200 ? 1000 : 6000}-${at}`,
        ['device', 'a', 'sequence', String(at), 'transition', text],
      ];
    });
    const asked: string[] = [];
    const redis = {
      async command(name: string, [, from = '']: readonly RedisArgument[]): Promise<unknown> {
        if (name !== 'XRANGE') return name === 'ZRANGEBYSCORE' ? [] : 0;
        asked.push(String(from));
        const first = from === '-' ? 0 : rows.findIndex(([id]) => `(${id}` === from) + 1;
        return rows.slice(first, first + 500);
      },
      script: async () => 0,
    } as unknown as RedisClient;
    const reads = new PartitionReads(redis, KEYS, () => {});
    assert.equal((await reads.prune(5000)).transitions, 600);
    assert.deepEqual(asked, ['-', '(1000-499', '(1000-999']);
  });
});
