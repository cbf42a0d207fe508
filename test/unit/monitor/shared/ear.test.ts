import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Feed } from '../../../../monitor/io/feed.ts';
import { Ear } from '../../../../monitor/shared/ear.ts';

/** Notes what each connection was told. */
function ears() {
  const said: string[] = [];
  let opened = 0;
  let closed: () => void = () => {};
  const ear = new Ear(() => {
    opened += 1;
    const name = opened;
    const feed = {
      start: () => void said.push(`${name} start`),
      stop: (withinMs: number) => {
        said.push(`${name} stop within ${withinMs}`);
        return new Promise<void>((resolve) => {
          closed = resolve;
        });
      },
      ping: () => void said.push(`${name} ping`),
      publish: async (topic: string) => void said.push(`${name} publish ${topic}`),
    };
    return feed as unknown as Feed;
  }, 500);
  return { ear, said, close: () => closed() };
}

const QOS = { qos: 1, retain: false } as const;

describe('the ear of one of many monitors', () => {
  it('opens one connection however often it is started', () => {
    const { ear, said } = ears();
    ear.start();
    ear.start();
    assert.deepEqual(said, ['1 start']);
  });

  it('is stopped when the connection is closed, and opens another after', async () => {
    const { ear, said, close } = ears();
    ear.start();
    let isStopped = false;
    const stopped = ear.stop().then(() => {
      isStopped = true;
    });
    await Promise.resolve();
    assert.equal(isStopped, false);
    close();
    await stopped;
    ear.start();
    ear.ping();
    assert.deepEqual(said, ['1 start', '1 stop within 500', '2 start', '2 ping']);
  });

  it('lets sinks publish while it listens, and refuses with a reason that passes while it does not', async () => {
    const { ear, said } = ears();
    const publish = (): Promise<void> => ear.publish('t', new Uint8Array(), QOS);
    await assert.rejects(publish(), { code: 'LINK_DOWN' });
    ear.start();
    await publish();
    void ear.stop();
    await assert.rejects(publish(), { code: 'LINK_DOWN' });
    assert.deepEqual(said, ['1 start', '1 publish t', '1 stop within 500']);
  });

  it('has nothing to close or to ping before it was opened', async () => {
    const { ear, said } = ears();
    ear.ping();
    await ear.stop();
    assert.deepEqual(said, []);
  });
});
