/** The monitor on a disk that lets nobody write any more: it lives, says so, judges nobody, and loses nothing. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { openLmdbStore } from '../../../monitor/io/stores/lmdb.ts';
import { NO_NEWS } from '../../../monitor/io/stores/store.ts';
import { alertOf, messageOf, recordOf, transitionOf } from '../../unit/monitor/io/samples.ts';
import { Cleanups } from '../support/cleanups.ts';
import { FakeDevice } from '../support/device.ts';
import { faultyDisk, forbidWrites } from '../support/disk.ts';
import { type RunningMonitor, startMonitor } from '../support/monitor.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { startProgram } from '../support/process.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { pause, waitFor } from '../support/wait.ts';

const PATIENCE_MS = 60_000;

async function doubtsItsStore(monitor: RunningMonitor): Promise<void> {
  await waitFor('doubt', PATIENCE_MS, async () => {
    const { status, body } = await monitor.get('/readyz');
    return status === 503 && JSON.stringify(body).includes('store-failing');
  });
}

describe('a monitor whose disk is read-only', () => {
  const cleanups = new Cleanups();
  afterEach(() => cleanups.run());

  /** A broker, a receiver, a device that is heard, and the settings of a monitor in `folder`. */
  async function stage(folder: string) {
    const broker = await startMosquitto();
    cleanups.add(() => broker.remove());
    const receiver: Receiver = await startReceiver('s');
    cleanups.add(() => receiver.close());
    const device = new FakeDevice('d1', broker.url);
    cleanups.add(() => device.vanish());
    await device.connect();
    const settings = {
      'broker.url': broker.url,
      data_directory: join(folder, 'data'),
      'sinks.webhook.url': receiver.url,
      'sinks.webhook.secret': 's',
    };
    return { receiver, device, settings };
  }

  it('owes what it cannot record, and records it when the disk is well again', async () => {
    const folder = cleanups.folder();
    const { receiver, device, settings } = await stage(folder);
    const monitor = await startMonitor(settings);
    cleanups.add(() => monitor.end('SIGKILL'));
    await monitor.ready();
    receiver.behave({ holdMs: 2000 });
    await device.probe(1);
    await waitFor('a delivery under way', PATIENCE_MS, () => receiver.requests.length > 0);
    const allowWrites = forbidWrites(cleanups, join(folder, 'data/data.mdb'));
    // The receiver says yes now, and that cannot be noted.
    await monitor.line('settleFailed', PATIENCE_MS);
    // Nor can the return of the device.
    await device.probe(60);
    await monitor.line('commitFailed', PATIENCE_MS);
    await doubtsItsStore(monitor);
    await pause(500);
    assert.equal(receiver.requests.length, 1, 'what only could not be noted is not told again');

    allowWrites();
    await monitor.line('storeWell', PATIENCE_MS);
    await waitFor('trust', PATIENCE_MS, async () => (await monitor.get('/readyz')).status === 200);
    await waitFor('the return', PATIENCE_MS, () => receiver.accepted().length === 2);
    assert.deepEqual(
      receiver.requests.map((request) => [request.device, request.event]),
      [
        ['d1', 'opened'],
        ['d1', 'resolved'],
      ],
    );
    await waitFor('all to be noted', PATIENCE_MS, async () => {
      const { sinks } = (await monitor.get('/api/sinks')).body as {
        sinks: { sink: string; pending: number }[];
      };
      return sinks.every(({ pending }) => pending === 0);
    });
  });

  it('goes on where it was after the file system broke, was mended and mounted again', async () => {
    const disk = faultyDisk(cleanups);
    const { receiver, device, settings } = await stage(disk.folder);
    const monitor = await startMonitor(settings);
    cleanups.add(() => monitor.end('SIGKILL'));
    await monitor.ready();
    await device.probe(1);
    await waitFor('the alert', PATIENCE_MS, () => receiver.accepted().length === 1);
    const [alert] = receiver.accepted();
    await waitFor('it to be noted', PATIENCE_MS, async () => {
      const { sinks } = (await monitor.get('/api/sinks')).body as {
        sinks: { sink: string; pending: number }[];
      };
      return sinks.every(({ pending }) => pending === 0);
    });
    disk.fail();
    await device.publish('khd/1/d2/probe', new Uint8Array([0, 0, 1]));
    await monitor.line('commitFailed', PATIENCE_MS);
    await doubtsItsStore(monitor);
    await monitor.end('SIGKILL');

    // A start is refused in words, with an exit code after which systemd tries again.
    const refused = startProgram(['monitor'], { 'http.listen': '127.0.0.1:0', ...settings });
    cleanups.add(() => refused.end('SIGKILL'));
    assert.deepEqual(await refused.exited, { code: 1, signal: null }, refused.output());
    const failed = refused.lines.find(({ event }) => event === 'serviceFailed');
    assert.match(String(failed?.message), /is on a file system that is read-only/);

    disk.mend();
    const again = await startMonitor(settings);
    cleanups.add(() => again.end('SIGKILL'));
    await again.ready();
    assert.equal((await again.get('/api/devices/d1')).body.state, 'dead');
    await device.probe(60);
    await waitFor('the return', PATIENCE_MS, () => receiver.accepted().length === 2);
    assert.deepEqual(
      receiver.requests.map(({ alertId, event }) => [alertId, event]),
      [
        [alert?.alertId, 'opened'],
        [alert?.alertId, 'resolved'],
      ],
    );
    await again.end('SIGKILL');
  });

  it('fails each write as a whole, and takes each again', async () => {
    const folder = cleanups.folder();
    const store = await openLmdbStore(folder, (table, key) => assert.fail(`damaged: ${table} ${key}`));
    cleanups.add(() => store.close());
    const old = recordOf('gone', { state: 'left', stateSinceMs: 1 });
    const step = {
      ...NO_NEWS,
      devices: [recordOf('d')],
      transitions: [transitionOf('d', 1)],
      alerts: [alertOf('d', 1)],
      messages: [messageOf('webhook', 'd', 1)],
    };
    await store.commit({ ...step, devices: [...step.devices, old] });
    const [owed] = store.pending('webhook', 9);
    assert.ok(owed !== undefined);
    const allowWrites = forbidWrites(cleanups, join(folder, 'data.mdb'));
    const second = { ...step, transitions: [transitionOf('d', 2)], messages: [messageOf('webhook', 'd', 2)] };
    for (const write of [() => store.commit(second), () => store.settle(owed), () => store.prune(500_000)])
      await assert.rejects(write(), { code: 'STORE_UNUSABLE' });
    assert.equal(store.pendingCount('webhook'), 1);
    assert.deepEqual([...store.devices()].map(({ device }) => device).sort(), ['d', 'gone']);
    assert.equal(store.transitions('d', 9).length, 1);
    allowWrites();
    await store.settle(owed);
    await store.commit(second);
    assert.deepEqual((await store.prune(500_000)).devices, ['gone']);
    assert.deepEqual(
      store.pending('webhook', 9).map(({ idempotencyKey }) => idempotencyKey),
      ['d:1:2'],
    );
  });
});
