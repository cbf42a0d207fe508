import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RedisArgument, RedisClient } from '../../../../../../monitor/io/stores/redis/client.ts';
import { agreeOnLayout } from '../../../../../../monitor/io/stores/redis/layout.ts';

/** One key, and no devices. */
function redisWith(layout: string | null) {
  const written: string[] = [];
  let kept = layout;
  const redis = {
    async command(name: string, args: readonly RedisArgument[]): Promise<unknown> {
      if (name === 'HSCAN') return ['0', []];
      if (name === 'GET') return kept;
      if (name === 'SET' && (args[2] !== 'NX' || kept === null)) {
        kept = String(args[1]);
        written.push(kept);
      }
      return 'OK';
    },
  };
  return { redis: redis as unknown as RedisClient, written };
}

async function refusal(layout: string, partitions: number): Promise<{ code: string; message: string }> {
  const { redis, written } = redisWith(layout);
  const error: unknown = await agreeOnLayout(redis, 'khd', partitions).then(
    () => assert.fail('it was taken'),
    (reason: unknown) => reason,
  );
  assert.deepEqual(written, []);
  const { code, message } = error as { code: string; message: string };
  return { code, message };
}

describe('the layout that all monitors of a fleet agree on', () => {
  it('is written by the first, and taken by the others', async () => {
    const first = redisWith(null);
    await agreeOnLayout(first.redis, 'khd', 16);
    assert.equal(first.written.length, 1);
    const layout = String(first.written[0]);
    const second = redisWith(layout);
    await agreeOnLayout(second.redis, 'khd', 16);
    assert.deepEqual(second.written, []);
  });

  it('is brought up from older formats', async () => {
    const { written } = redisWith(null);
    const fresh = redisWith(null);
    await agreeOnLayout(fresh.redis, 'khd', 16);
    for (const older of ['1 16', '2 16']) {
      const old = redisWith(older);
      await agreeOnLayout(old.redis, 'khd', 16);
      assert.deepEqual(old.written, fresh.written);
    }
    assert.deepEqual(written, []);
  });

  it('refuses a format that it does not know, naming it, where it stands, and what to do', async () => {
    for (const [layout, format] of [
      ['99 16', '99'],
      ['0 16', '0'],
      ['what is this', 'what'],
    ] as const) {
      const { code, message } = await refusal(layout, 16);
      assert.equal(code, 'STORE_NEWER_FORMAT');
      assert.match(message, new RegExp(`holds format ${format} at \\{khd:common\\}:layout`));
      assert.match(message, /update the monitor|another store\.redis\.prefix/);
    }
  });

  it('refuses another number of partitions, naming both', async () => {
    const { redis, written } = redisWith(null);
    await agreeOnLayout(redis, 'khd', 16);
    const { code, message } = await refusal(String(written[0]), 32);
    assert.equal(code, 'STORE_PARTITIONS');
    assert.match(message, /store\.redis\.partitions is 32.*divided into 16.*set it to 16/);
  });
});
