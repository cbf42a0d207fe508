/** The monitor is killed with SIGKILL at awkward moments: no death is lost, none is a second alert. */
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { Cleanups } from '../support/cleanups.ts';
import { FakeDevice } from '../support/device.ts';
import { type RunningMonitor, startMonitor } from '../support/monitor.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { startReceiver } from '../support/receiver.ts';
import { pause, waitFor } from '../support/wait.ts';

const DEVICES = 40;
/** Ms from a delivery's start to the kill: the receiver has it and has not answered, other deaths are on their way. */
const KILL_AFTER_MS = [0, 3, 10, 30, 80];

describe('a monitor that is killed', () => {
  const cleanups = new Cleanups();
  afterEach(() => cleanups.run());

  it('delivers every death under one key, however often it is killed', async (context) => {
    const seed = Date.now() % 1000;
    context.diagnostic(`kill jitter seed ${seed}`);
    const broker = await startMosquitto();
    cleanups.add(() => broker.remove());
    const receiver = await startReceiver('s');
    cleanups.add(() => receiver.close());
    const settings = {
      'broker.url': broker.url,
      data_directory: cleanups.folder(),
      // Every device by itself.
      'incidents.enabled': false,
      'sinks.webhook.url': receiver.url,
      'sinks.webhook.secret': 's',
    };
    let monitor: RunningMonitor = await startMonitor(settings);
    cleanups.add(() => monitor.end('SIGKILL'));
    await monitor.ready();
    const fleet = new FakeDevice('source', broker.url);
    cleanups.add(() => fleet.vanish());
    await fleet.connect();
    const names = Array.from({ length: DEVICES }, (_, index) => `d${index}`);
    for (const name of names) {
      // Promises of 1 s, all heard within some ms: they die close together, commit after commit.
      await fleet.publish(`khd/1/${name}/probe`, new Uint8Array([0, 0, 1]));
      await pause(2);
    }
    for (const [round, killAfterMs] of KILL_AFTER_MS.entries()) {
      receiver.behave('silent');
      await waitFor('a delivery under way', 20_000, () => {
        return receiver.requests.filter(({ answer }) => answer === 'silent').length === round + 1;
      });
      await pause(killAfterMs + ((seed * (round + 1)) % 5));
      await monitor.end('SIGKILL');
      monitor = await startMonitor(settings);
      // Some get through between the kills.
      const before = receiver.accepted().length;
      if (round % 2 === 0)
        await waitFor('a few deliveries', 10_000, () => receiver.accepted().length > before);
    }
    await waitFor('every death at the receiver', 20_000, () => {
      const told = new Set(receiver.accepted().map(({ device }) => device));
      return names.every((name) => told.has(name));
    });
    const { body } = await monitor.get('/api/devices?state=dead');
    assert.equal(body.total, DEVICES);
    for (const name of names) {
      const requests = receiver.requests.filter(({ device }) => device === name);
      const keys = new Set(requests.map(({ idempotencyKey, alertId }) => `${idempotencyKey} ${alertId}`));
      assert.equal(keys.size, 1, `${name}: ${[...keys].join(', ')}`);
    }
  });

  it('loses no death that it was about to record', async () => {
    const broker = await startMosquitto();
    cleanups.add(() => broker.remove());
    const receiver = await startReceiver('s');
    cleanups.add(() => receiver.close());
    const settings = {
      'broker.url': broker.url,
      data_directory: cleanups.folder(),
      // Every device by itself.
      'incidents.enabled': false,
      'sinks.webhook.url': receiver.url,
      'sinks.webhook.secret': 's',
    };
    const fleet = new FakeDevice('source', broker.url);
    cleanups.add(() => fleet.vanish());
    await fleet.connect();
    const names: string[] = [];
    let monitor = await startMonitor(settings);
    cleanups.add(() => monitor.end('SIGKILL'));
    // The change of state is logged as it is decided: from then on the commit is made, then the delivery.
    for (const [round, killAfterMs] of [0, 2, 5, 9, 15].entries()) {
      await monitor.ready();
      for (const name of [`r${round}a`, `r${round}b`, `r${round}c`]) {
        names.push(name);
        await fleet.publish(`khd/1/${name}/probe`, new Uint8Array([0, 0, 1]));
      }
      await monitor.killAt(({ event, to }) => event === 'deviceMoved' && to === 'dead', killAfterMs);
      monitor = await startMonitor(settings);
    }
    await waitFor('every death at the receiver', 20_000, () => {
      const told = new Set(receiver.accepted().map(({ device }) => device));
      return names.every((name) => told.has(name));
    });
    const alerts = new Set(receiver.requests.map(({ idempotencyKey }) => idempotencyKey));
    assert.equal(alerts.size, names.length, [...alerts].join(', '));
  });

  it('remembers who is dead: no second alert after a restart, and the return resolves the first', async () => {
    const broker = await startMosquitto();
    cleanups.add(() => broker.remove());
    const receiver = await startReceiver('s');
    cleanups.add(() => receiver.close());
    const settings = {
      'broker.url': broker.url,
      data_directory: cleanups.folder(),
      // Every device by itself.
      'incidents.enabled': false,
      'sinks.webhook.url': receiver.url,
      'sinks.webhook.secret': 's',
    };
    const first = await startMonitor(settings);
    cleanups.add(() => first.end('SIGKILL'));
    await first.ready();
    const device = new FakeDevice('d1', broker.url);
    cleanups.add(() => device.vanish());
    await device.connect();
    await device.probe(1);
    const alert = await waitFor('the alert', 10_000, () => receiver.accepted()[0]);
    await pause(100);
    await first.end('SIGKILL');

    const second = await startMonitor(settings);
    cleanups.add(() => second.end('SIGKILL'));
    await second.ready();
    const { body } = await second.get('/api/devices/d1');
    assert.equal(body.state, 'dead');
    // Longer than a whole keepalive_timeout and grace: time enough to be flagged again.
    await pause(5000);
    assert.deepEqual(new Set(receiver.requests.map(({ event }) => event)), new Set(['opened']));
    assert.deepEqual(new Set(receiver.requests.map(({ alertId }) => alertId)), new Set([alert.alertId]));
    await device.probe(60);
    const resolved = await waitFor('the resolution', 5000, () =>
      receiver.accepted().find(({ event }) => event === 'resolved'),
    );
    assert.equal(resolved.alertId, alert.alertId);
  });
});
