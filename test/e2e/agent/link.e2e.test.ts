/** What breaks a link and what the agent makes of it, with a real broker. */
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { Cleanups } from '../support/cleanups.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { waitFor } from '../support/wait.ts';
import { count, nth, observe, startAgent } from './agent.ts';
import { layPath } from './path.ts';

const cleanups = new Cleanups();
afterEach(() => cleanups.run());

async function world() {
  const broker = await startMosquitto();
  cleanups.add(() => broker.remove());
  const path = await layPath(cleanups, broker.port);
  return {
    broker,
    path,
    url: `mqtt://127.0.0.1:${path.port}`,
    observer: await observe(cleanups, broker.url),
  };
}

describe('a broker that restarts', () => {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    it(`(${signal}) is reconnected to, with a new epoch and no old probe`, async () => {
      const { broker, url } = await world();
      const agent = startAgent(cleanups, url);
      const before = await nth(agent, 'linkUp', 1);
      await nth(agent, 'probeAcked', 2);
      await broker.stop(signal);
      await nth(agent, 'connectFailed', 2);
      await broker.start();
      const observer = await observe(cleanups, broker.url);
      const after = await nth(agent, 'linkUp', 2);
      assert.ok(Number(after.epoch) > Number(before.epoch));
      await waitFor('three probes', 10_000, () => observer.probes.length >= 3);
      // Everything that came was sent on this connection, once, and a second apart.
      const sent = agent.lines.slice(agent.lines.indexOf(after)).filter(({ event }) => event === 'probeSent');
      assert.ok(observer.probes.length <= sent.length);
      for (let n = 1; n < observer.probes.length; n += 1) {
        const gapMs = (observer.probes[n]?.atMs ?? 0) - (observer.probes[n - 1]?.atMs ?? 0);
        assert.ok(gapMs > 500, `${gapMs} ms between two probes`);
      }
      const cause = (await nth(agent, 'lapseExplained', 1)).cause;
      assert.equal(cause, 'broker-gone');
    });
  }
});

describe('a connection that is cut', () => {
  it('is replaced within the delay of the will, so that nobody hears of a death', async () => {
    const { path, url, observer } = await world();
    const agent = startAgent(cleanups, url, { will_delay: '2s' });
    await nth(agent, 'probeAcked', 1);
    for (const [reconnect, how] of [
      [2, 'fin'],
      [3, 'reset'],
    ] as const) {
      path.passages.at(-1)?.cut(how);
      await nth(agent, 'linkUp', reconnect);
      // A status may still be on its way: cut now, its session would be known to nobody.
      const epochs = (): number => new Set(observer.statuses.map(({ epoch }) => epoch)).size;
      await waitFor('its status', 60_000, () => epochs() === reconnect);
    }
    await nth(agent, 'probeAcked', 5);
    assert.ok(observer.statuses.every(({ state }) => state === 'online'));
    const epochs = observer.statuses.map(({ epoch }) => epoch);
    assert.deepEqual(
      epochs,
      epochs.toSorted((a, b) => a - b),
    );
    assert.equal(new Set(epochs).size, 3);
    assert.equal(observer.statuses.at(-1)?.counters.reconnects, 2);
  });
});

describe('a path that swallows everything without a word', () => {
  it('is found out by unanswered probes within keepalive_timeout, and a fresh connection replaces it', async () => {
    const { path, url, observer } = await world();
    const agent = startAgent(cleanups, url, { 'verdict.initial': '1s', 'verdict.floor': '300ms' });
    await nth(agent, 'probeAcked', 2);
    path.passages[0]?.hold();
    const heldMs = performance.now();
    const lost = await nth(agent, 'linkLost', 1);
    const foundMs = performance.now() - heldMs;
    assert.equal(lost.how, 'unanswered');
    // An interval until the next probe, and at most interval × count until the verdict.
    assert.ok(foundMs < 1000 + 3000 + 500, `${foundMs} ms`);
    await nth(agent, 'linkUp', 2);
    assert.equal((await nth(agent, 'lapseExplained', 1)).cause, 'path-forgot');
    const probes = observer.probes.length;
    await waitFor('probes on the new connection', 5000, () => observer.probes.length >= probes + 2);
    // What the old path still brings belongs to nobody: the broker has given that session away.
    path.passages[0]?.release();
    await nth(agent, 'probeAcked', 5);
    assert.deepEqual([count(agent, 'linkUp'), count(agent, 'linkLost')], [2, 1]);
    assert.ok(observer.statuses.every(({ state }) => state === 'online'));
  });

  it('and answers late is forgiven: the late answer counts, the link stays', async () => {
    const { path, url } = await world();
    const agent = startAgent(cleanups, url, {
      keepalive_interval: '2s',
      'verdict.initial': '700ms',
      'verdict.floor': '700ms',
    });
    await nth(agent, 'probeAcked', 2);
    path.passages[0]?.hold();
    await waitFor('a repeat', 10_000, () =>
      agent.lines.some(({ event, repeat }) => event === 'probeSent' && repeat === true),
    );
    path.passages[0]?.release();
    const late = await agent.line('probeAcked', 5000, ({ sent }) => Number(sent) > 1);
    assert.ok(Number(late.rttMs) >= 600, `${late.rttMs} ms`);
    await nth(agent, 'probeAcked', 5);
    assert.equal(count(agent, 'linkLost'), 0);
  });

  it('also while connecting: the connect ends by its timeout and is tried again', async () => {
    const { path, url } = await world();
    path.holdNew = true;
    const agent = startAgent(cleanups, url, { 'broker.connect_timeout': '1s' });
    const failed = await nth(agent, 'connectFailed', 1);
    assert.equal(failed.failure, 'timeout');
    path.holdNew = false;
    await nth(agent, 'probeAcked', 1);
  });
});

describe('an ask', () => {
  it('is answered by a probe at once, long before the next is due', async () => {
    const { url, observer } = await world();
    const agent = startAgent(cleanups, url, { keepalive_interval: '60s' });
    await nth(agent, 'linkUp', 1);
    await waitFor('online', 5000, () => observer.statuses.length > 0);
    // The subscription follows CONNACK; an ask that came before it is lost, as any is, and asked again.
    await waitFor('the answer', 10_000, () => {
      observer.publish('khd/1/pump-17/ask', '');
      return observer.probes.length > 0;
    });
    assert.equal((await nth(agent, 'probeSent', 1)).reason, 'asked');
    assert.equal(count(agent, 'probeSent'), 1);
  });

  it('of a megabyte never leaves the broker: the device has said how large a packet may be', async () => {
    const { path, url, observer } = await world();
    const agent = startAgent(cleanups, url, { keepalive_interval: '60s' });
    await nth(agent, 'linkUp', 1, 60_000);
    observer.publish('khd/1/pump-17/ask', 'x'.repeat(2 ** 20));
    await waitFor('the answer to another', 60_000, () => {
      observer.publish('khd/1/pump-17/ask', '');
      return observer.probes.length > 0;
    });
    const receivedBytes = path.passages.reduce((sum, passage) => sum + passage.fromBroker().length, 0);
    assert.ok(receivedBytes < 64 * 1024, `${receivedBytes} bytes`);
    assert.equal(count(agent, 'linkLost'), 0);
  });
});
