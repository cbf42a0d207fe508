/** The monitor on a disk that is full: it lives, says so, judges nobody, and tells what it owes when there is room. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { encodeStatus } from '../../../protocol/status.ts';
import { statusTopic } from '../../../protocol/topics.ts';
import { Cleanups } from '../support/cleanups.ts';
import { FakeDevice } from '../support/device.ts';
import { fill, smallDisk } from '../support/disk.ts';
import { type RunningMonitor, startMonitor } from '../support/monitor.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { startProgram } from '../support/process.ts';
import { type Received, startReceiver } from '../support/receiver.ts';
import { pause, waitFor } from '../support/wait.ts';

const PATIENCE_MS = 60_000;
/** So many that what is written of their deaths fits into no page that the store has to spare. */
const MEMBERS = Array.from({ length: 300 }, (_, index) => `member-${index}`);

/** Dead after one interval: late and dead are one step. Long enough for the disk to be filled meanwhile. */
async function greet(source: FakeDevice, device: string): Promise<void> {
  const counters = { probes: 0, reconnects: 0, lapses: 0 };
  const said = { agentVersion: '0', groups: [], configurationVersion: null, counters, reason: 'test' };
  const promise = { state: 'online', epoch: 1, intervalSeconds: 4, count: 1, network: 'carrier' } as const;
  await source.publish(statusTopic(device), encodeStatus({ ...said, ...promise }));
}

async function doubtsItsStore(monitor: RunningMonitor): Promise<void> {
  await waitFor('doubt', PATIENCE_MS, async () => {
    const { status, body } = await monitor.get('/readyz');
    return status === 503 && JSON.stringify(body).includes('store-failing');
  });
}

describe('a monitor whose disk is full', () => {
  const cleanups = new Cleanups();
  afterEach(() => cleanups.run());

  it('doubts itself and tells the death once when there is room', async () => {
    const broker = await startMosquitto();
    cleanups.add(() => broker.remove());
    const receiver = await startReceiver('s');
    cleanups.add(() => receiver.close());
    const disk = smallDisk(cleanups, '3m');
    const monitor = await startMonitor({
      'broker.url': broker.url,
      data_directory: join(disk, 'data'),
      'sinks.webhook.url': receiver.url,
      'sinks.webhook.secret': 's',
    });
    cleanups.add(() => monitor.end('SIGKILL'));
    await monitor.ready();
    const device = new FakeDevice('d1', broker.url);
    cleanups.add(() => device.vanish());
    await device.connect();
    const makeRoom = fill(disk);
    await device.probe(1);
    const { message } = await monitor.line('commitFailed', PATIENCE_MS);
    assert.match(message, /cannot be written: the disk is full .* mounted at .*nobody is declared dead/);
    assert.ok(message.includes(`mounted at ${disk} `), message);
    await doubtsItsStore(monitor);
    assert.equal(receiver.requests.length, 0);

    makeRoom();
    await monitor.line('storeWell', PATIENCE_MS);
    await waitFor('trust', PATIENCE_MS, async () => (await monitor.get('/readyz')).status === 200);
    await waitFor('the alert', PATIENCE_MS, () => receiver.accepted().length > 0);
    assert.deepEqual(
      receiver.requests.map((request) => [request.device, request.event]),
      [['d1', 'opened']],
    );
  });

  it('keeps what it had decided: the deaths and their incident, told once, with their times', async () => {
    const broker = await startMosquitto();
    cleanups.add(() => broker.remove());
    const receiver = await startReceiver('s');
    cleanups.add(() => receiver.close());
    const disk = smallDisk(cleanups, '8m');
    const settings = {
      'broker.url': broker.url,
      data_directory: join(disk, 'data'),
      'incidents.window': '60s',
      'sinks.webhook.url': receiver.url,
      'sinks.webhook.secret': 's',
    };
    const monitor = await startMonitor(settings);
    cleanups.add(() => monitor.end('SIGKILL'));
    await monitor.ready();
    const source = new FakeDevice('source', broker.url);
    cleanups.add(() => source.vanish());
    await source.connect();
    let talking = true;
    const talk = async (): Promise<void> => {
      while (talking) {
        await Promise.all(MEMBERS.map((device) => greet(source, device)));
        await pause(100);
      }
    };
    const talked = talk();
    cleanups.add(() => {
      talking = false;
    });
    await waitFor('all of them', PATIENCE_MS, async () => {
      return (await monitor.get('/api/devices?state=alive')).body.total === MEMBERS.length;
    });
    const silentMs = Date.now();
    talking = false;
    await talked;
    // What is still to be written of their words must not be the commit that fails: in doubt nobody would die.
    await waitFor('everything to be written', PATIENCE_MS, async () => {
      const text = await (await fetch(`${monitor.http}/metrics`)).text();
      return /^khd_backlog_commits 0$/m.test(text);
    });
    const makeRoom = fill(disk);
    await monitor.line('commitFailed', PATIENCE_MS);
    const failedMs = Date.now();
    await doubtsItsStore(monitor);
    assert.equal(receiver.requests.length, 0, 'what is not recorded is not told');
    await pause(1000);

    makeRoom();
    await monitor.line('storeWell', PATIENCE_MS);
    await waitFor('everybody dead', PATIENCE_MS, async () => {
      return (await monitor.get('/api/devices?state=dead')).body.total === MEMBERS.length;
    });
    const isOpening = ({ event, incident }: Received): boolean => event === 'opened' && incident !== null;
    await waitFor('the incident', PATIENCE_MS, () => receiver.accepted().some(isOpening));
    for (const device of MEMBERS.slice(0, 5)) {
      const { body } = await monitor.get(`/api/devices/${device}`);
      const sinceMs = Date.parse(String(body.state_since));
      assert.ok(sinceMs > silentMs && sinceMs <= failedMs, `${device} died at ${body.state_since}`);
    }

    // Killed, and started while the disk is full again: it runs and doubts itself, or says why it cannot.
    await monitor.end('SIGKILL');
    const makeRoomAgain = fill(disk);
    const again = startProgram(['monitor'], { 'http.listen': '127.0.0.1:0', ...settings });
    cleanups.add(() => again.end('SIGKILL'));
    await waitFor('a word', PATIENCE_MS, () =>
      again.lines.some(({ event }) => event === 'monitorStarted' || event === 'serviceFailed'),
    );
    const failed = again.lines.find(({ event }) => event === 'serviceFailed');
    if (failed !== undefined)
      assert.match(failed.message, /^data_directory \S+ cannot be used: the disk is full/);
    makeRoomAgain();
    await again.end('SIGKILL');
    const last = await startMonitor(settings);
    cleanups.add(() => last.end('SIGKILL'));
    assert.equal((await last.get('/api/devices?state=dead')).body.total, MEMBERS.length);
    await last.ready();
    const openings = receiver.requests.filter(isOpening).map(({ idempotencyKey }) => idempotencyKey);
    assert.equal(new Set(openings).size, 1, openings.join());
  });

  it('says why it cannot start, and may be started again', async () => {
    const disk = smallDisk(cleanups, '1m');
    const makeRoom = fill(disk);
    const settings = { 'broker.url': 'mqtt://127.0.0.1:1', data_directory: join(disk, 'data') };
    const program = startProgram(['monitor'], { 'http.listen': '127.0.0.1:0', ...settings });
    cleanups.add(() => program.end('SIGKILL'));
    // Not 78, which tells systemd to leave it.
    assert.deepEqual(await program.exited, { code: 1, signal: null }, program.output());
    const failed = program.lines.find(({ event }) => event === 'serviceFailed');
    assert.equal(failed?.code, 'STORE_UNUSABLE');
    assert.match(String(failed?.message), /^data_directory \S+ cannot be used: the disk is full/);
    makeRoom();
    const monitor = await startMonitor(settings);
    await monitor.end('SIGKILL');
  });
});
