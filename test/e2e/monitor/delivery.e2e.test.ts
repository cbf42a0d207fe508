/** Death and return of a device, from real mosquitto to a webhook that fails at first and to a subscriber. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { Cleanups } from '../support/cleanups.ts';
import { FakeDevice } from '../support/device.ts';
import { type RunningMonitor, startMonitor } from '../support/monitor.ts';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { waitFor } from '../support/wait.ts';

const SECRET = 'webhook-s3cret';

describe('delivery', () => {
  const cleanups = new Cleanups();
  let broker: Mosquitto;
  let receiver: Receiver;
  let monitor: RunningMonitor;

  async function device(name: string, listensTo: readonly string[] = []): Promise<FakeDevice> {
    const made = new FakeDevice(name, broker.url, listensTo);
    cleanups.add(() => made.vanish());
    await made.connect();
    return made;
  }

  beforeEach(async () => {
    broker = await startMosquitto();
    cleanups.add(() => broker.remove());
    receiver = await startReceiver(SECRET);
    cleanups.add(() => receiver.close());
    monitor = await startMonitor({
      'broker.url': broker.url,
      data_directory: cleanups.folder(),
      'sinks.webhook.url': receiver.url,
      'sinks.webhook.secret': SECRET,
    });
    cleanups.add(() => monitor.end('SIGKILL'));
    await monitor.ready();
  });
  afterEach(() => cleanups.run());

  it('alerts once, in time, through a webhook that fails twice; resolves when the device returns', async () => {
    const watcher = await device('watcher', ['khd/1/alert/+', 'khd/1/d1/ask']);
    receiver.behave(500, 'cut');
    const dying = await device('d1');
    const lastProbeMs = Date.now();
    await dying.probe(1);
    await waitFor('d1 to be known', 5000, async () => (await monitor.get('/api/devices/d1')).status === 200);
    dying.vanish();

    const dead = await monitor.line(
      'deviceMoved',
      10_000,
      ({ device, to }) => device === 'd1' && to === 'dead',
    );
    const afterMs = Date.parse(String(dead.time)) - lastProbeMs;
    assert.ok(afterMs >= 3500 && afterMs < 5000, `flagged after ${afterMs} ms`);
    await waitFor('the alert to be accepted', 5000, () => receiver.accepted().length === 1);
    assert.deepEqual(
      receiver.requests.map(({ answer }) => answer),
      [500, 'cut', 204],
    );
    const keys = new Set(receiver.requests.map(({ idempotencyKey }) => idempotencyKey));
    assert.equal(keys.size, 1);
    assert.ok(receiver.requests.every(({ signed, event }) => signed && event === 'opened'));
    const retained = await waitFor('the retained alert', 5000, () => watcher.heard.get('khd/1/alert/d1'));
    assert.equal(JSON.parse(retained).alert.id, receiver.requests[0]?.alertId);
    assert.ok(watcher.heard.has('khd/1/d1/ask'), 'it was asked before it was flagged');

    const back = await device('d1');
    back.keepProbing(1, 500);
    const resolved = await waitFor('the alert to resolve', 5000, () => receiver.accepted()[1]);
    assert.equal(resolved.event, 'resolved');
    assert.equal(resolved.alertId, receiver.requests[0]?.alertId);
    await waitFor('the retained alert to go', 5000, () => watcher.heard.get('khd/1/alert/d1') === '');
    const { body } = await monitor.get('/api/alerts');
    assert.deepEqual([body.total_open, (body.resolved as unknown[]).length], [0, 1]);
    assert.doesNotMatch(monitor.output(), new RegExp(SECRET));
  });

  it('wakes nobody for a device that leaves on purpose', async () => {
    const leaving = await device('d2');
    await leaving.status('online', 1);
    await leaving.probe(1);
    await leaving.status('leaving', 1);
    leaving.vanish();
    const watched = await device('d3');
    await watched.probe(1);
    watched.vanish();
    await waitFor('the alert of d3', 10_000, () => receiver.accepted().find(({ device }) => device === 'd3'));
    const { body } = await monitor.get('/api/devices/d2');
    assert.equal(body.state, 'left');
    assert.deepEqual(
      receiver.requests.filter(({ device }) => device === 'd2'),
      [],
    );
  });

  it('counts what it cannot read, says so, and goes on', async () => {
    const hostile = await device('hostile');
    const garbage = new Uint8Array([0xff, 0, 1]);
    await hostile.publish('khd/1/hostile/probe', new Uint8Array(100_000));
    await hostile.publish('khd/1/hostile/probe', garbage);
    await hostile.publish('khd/1/hostile/status', garbage);
    await hostile.publish('khd/1/hostile/status', new TextEncoder().encode('{"state":"online"}'), true);
    await hostile.publish('khd/1/alert/probe', new Uint8Array([0, 0, 1]));
    await hostile.publish('khd/1/späte geräte/probe', new Uint8Array([0, 0, 1]));
    await hostile.probe(60);
    await waitFor(
      'the good probe',
      5000,
      async () => (await monitor.get('/api/devices/hostile')).status === 200,
    );
    const metrics = await (await fetch(`${monitor.http}/metrics`)).text();
    for (const [reason, count] of [
      ['probe-bad-length', 1],
      ['probe-reserved-flag', 1],
      ['status-not-utf8', 1],
      ['status-bad-epoch', 1],
      ['topic-bad-device-name', 2],
    ] as const) {
      assert.ok(metrics.includes(`khd_refused_messages_total{reason="${reason}"} ${count}\n`), reason);
    }
    assert.deepEqual((await monitor.get('/api/devices')).body.total, 1);
    await monitor.line('messageRefused', 1000, ({ reason }) => reason === 'status-not-utf8');
  });
});
