/** The load generator as it ships against a real broker and monitor: who is killed dies, nobody else does. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { Cleanups } from '../support/cleanups.ts';
import { startMonitor } from '../support/monitor.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { freePort } from '../support/ports.ts';
import { PROGRAM } from '../support/process.ts';
import { waitFor } from '../support/wait.ts';

const DEVICES = 2000;
const KILLED = 50;

describe('load', () => {
  const cleanups = new Cleanups();
  afterEach(() => cleanups.run());

  /** Runs `keepalivehd load` to its end. */
  function startLoad(argv: readonly string[]): {
    readonly ended: Promise<{ readonly code: number | null; readonly text: string }>;
    stop(): void;
  } {
    const child = spawn(process.execPath, [PROGRAM, 'load', ...argv], { stdio: ['ignore', 'pipe', 'pipe'] });
    cleanups.add(() => child.kill('SIGKILL'));
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
    }
    const ended = new Promise<{ code: number | null; text: string }>((resolve) => {
      child.once('close', (code) => resolve({ code, text }));
    });
    return { ended, stop: () => child.kill('SIGTERM') };
  }

  it(`kills exactly whom it was told to kill, out of ${DEVICES}`, async () => {
    const broker = await startMosquitto({ logs: 'error' });
    cleanups.add(() => broker.remove());
    const monitor = await startMonitor({
      'broker.url': broker.url,
      data_directory: cleanups.folder(),
      // The machine may be busy: nobody who lives may be silent for 3 × 2 s and this.
      grace: '6s',
    });
    cleanups.add(() => monitor.end('SIGKILL'));
    await waitFor('the link', 60_000, async () => (await monitor.get('/readyz')).status === 200);
    const file = join(cleanups.folder(), 'killed.csv');
    const load = startLoad([
      ...['--broker', broker.url, '--devices', `${DEVICES}`, '--interval', '2s', '--duration', '5m'],
      ...['--kill', `${KILLED}@3s`, '--killed-to', file, '--churn', '60', '--qos', '1', '--json'],
    ]);
    const counts = async (): Promise<Record<string, number>> =>
      (await monitor.get('/api/devices?limit=1')).body.counts as Record<string, number>;
    await waitFor('everybody to be known', 60_000, async () => {
      const { alive = 0, late = 0 } = await counts();
      return alive + late === DEVICES;
    });
    await waitFor('the killed to be dead', 60_000, async () => (await counts()).dead === KILLED);
    load.stop();
    const { code, text } = await load.ended;
    assert.equal(code, 0, text);
    const { body } = await monitor.get(`/api/devices?state=dead&limit=${KILLED + 1}`);
    const dead = (body.devices as { device: string; last_heard: string }[]).map(({ device }) => device);
    const killed = readFileSync(file, 'utf8').trim().split('\n').slice(1);
    assert.deepEqual(
      dead.sort(),
      killed.map((line) => line.split(',')[0]),
    );
    const summary = JSON.parse(text.trim().split('\n').at(-1) ?? '') as Record<string, number>;
    assert.equal(summary.killed, KILLED);
    assert.equal(summary.goodbyes, DEVICES - KILLED);
    await waitFor('the others to have left, in peace', 60_000, async () => {
      const { left, dead: died } = await counts();
      return left === DEVICES - KILLED && died === KILLED;
    });
    assert.ok((summary.probes ?? 0) >= DEVICES && (summary.reconnects ?? 0) > 0, text);
    assert.equal(summary.connections_lost, 0);
    await waitFor(`${summary.probes} probes to be heard`, 60_000, async () =>
      (await (await fetch(`${monitor.http}/metrics`)).text()).includes(
        `\nkhd_probes_total ${summary.probes}\n`,
      ),
    );
  });

  it('says what a broker that wants a login is to be given', async () => {
    const server = createServer((socket) => {
      // CONNACK, return code 5: not authorized.
      socket.on('error', () => {}).once('data', () => socket.write(Uint8Array.of(0x20, 2, 0, 5)));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanups.add(() => server.close());
    const { port } = server.address() as AddressInfo;
    const { code, text } = await startLoad(['--broker', `mqtt://127.0.0.1:${port}`]).ended;
    assert.equal(code, 1);
    assert.match(text, /not authorized \(code 5\); give --username and --password-file .* \(BROKER\)\n$/);
  });

  it('says in one line that nobody is there to be loaded', async () => {
    const load = startLoad(['--broker', `mqtt://127.0.0.1:${await freePort()}`, '--devices', '5']);
    const { code, text } = await load.ended;
    assert.equal(code, 1);
    assert.match(text, /^keepalivehd: no connection to 127\.0\.0\.1:\d+: .*ECONNREFUSED.* \(BROKER\)\n$/);
  });
});
