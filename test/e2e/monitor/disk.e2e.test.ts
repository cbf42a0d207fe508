/** The monitor on a disk that is full: it lives, says so, judges nobody, and tells what it owes when there is room. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { Cleanups } from '../support/cleanups.ts';
import { FakeDevice } from '../support/device.ts';
import { startMonitor } from '../support/monitor.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { startReceiver } from '../support/receiver.ts';
import { waitFor } from '../support/wait.ts';

/** Takes every byte that is left on the file system of `file`. */
function fill(file: string): void {
  const target = openSync(file, 'w');
  try {
    for (;;) writeSync(target, new Uint8Array(4096));
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
  } finally {
    closeSync(target);
  }
}

describe('a monitor whose disk is full', () => {
  const cleanups = new Cleanups();
  afterEach(() => cleanups.run());

  it('doubts itself and tells the death once when there is room', async () => {
    const broker = await startMosquitto();
    cleanups.add(() => broker.remove());
    const receiver = await startReceiver('s');
    cleanups.add(() => receiver.close());
    const disk = cleanups.folder();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', disk]);
    cleanups.add(() => execFileSync('umount', ['-l', disk]));
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
    fill(join(disk, 'fill'));
    await device.probe(1);
    await monitor.line('commitFailed', 60_000);
    await waitFor('doubt', 60_000, async () => {
      const { status, body } = await monitor.get('/readyz');
      return status === 503 && JSON.stringify(body).includes('store-failing');
    });
    assert.equal(receiver.requests.length, 0);

    rmSync(join(disk, 'fill'));
    await monitor.line('storeWell', 60_000);
    await waitFor('trust', 60_000, async () => (await monitor.get('/readyz')).status === 200);
    await waitFor('the alert', 60_000, () => receiver.accepted().length > 0);
    assert.deepEqual(
      receiver.requests.map((request) => [request.device, request.event]),
      [['d1', 'opened']],
    );
  });
});
