/** A broker that keeps its connections and forwards nothing looks like a fleet that died. */
import assert from 'node:assert/strict';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { Cleanups } from '../support/cleanups.ts';
import { FakeDevice } from '../support/device.ts';
import { type RunningMonitor, startMonitor } from '../support/monitor.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { pause, waitFor } from '../support/wait.ts';

/** Far longer than the keepalive_timeout and grace of the devices here. */
const MUTE_MS = 7000;
const PATIENCE_MS = 60_000;
const NAMES = ['d1', 'd2', 'd3', 'd4', 'd5'];

/** Passes bytes on both ways until told to swallow them, as a firewall that drops does. */
class Path {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  dropping = false;

  constructor(port: number) {
    this.#server = createServer((near) => {
      const far = connect(port, '127.0.0.1');
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(from);
        from.on('data', (bytes) => {
          if (!this.dropping) to.write(bytes);
        });
        from.on('error', () => {});
        from.on('close', () => to.destroy());
      }
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return `mqtt://127.0.0.1:${address.port}`;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

describe('a broker that is mute', () => {
  const cleanups = new Cleanups();
  afterEach(() => cleanups.run());

  async function start(url: string): Promise<RunningMonitor> {
    const monitor = await startMonitor({
      'broker.url': url,
      data_directory: cleanups.folder(),
      'canary.interval': '250ms',
      'canary.timeout': '1s',
    });
    cleanups.add(() => monitor.end('SIGKILL'));
    await monitor.ready();
    return monitor;
  }

  async function fleet(url: string, monitor: RunningMonitor): Promise<FakeDevice[]> {
    const devices = await Promise.all(
      NAMES.map(async (name) => {
        const device = new FakeDevice(name, url);
        cleanups.add(() => device.vanish());
        await device.connect();
        device.keepProbing(1, 400);
        return device;
      }),
    );
    await waitFor('everybody alive', PATIENCE_MS, async () => (await counts(monitor)).alive === NAMES.length);
    return devices;
  }

  async function counts(monitor: RunningMonitor): Promise<Record<string, number>> {
    return (await monitor.get('/api/devices')).body.counts as Record<string, number>;
  }

  const deaths = (monitor: RunningMonitor): unknown[] =>
    monitor.lines.filter(({ to }) => to === 'dead').map(({ device }) => device);

  async function isReady(monitor: RunningMonitor): Promise<boolean> {
    return (await monitor.get('/readyz')).status === 200;
  }

  /** Mute for long, then well: nobody died; who vanished is flagged after all, alone. */
  async function survives(
    monitor: RunningMonitor,
    devices: readonly FakeDevice[],
    silence: () => void,
    speak: () => void,
  ): Promise<void> {
    await waitFor('readiness', PATIENCE_MS, () => isReady(monitor));
    silence();
    await monitor.line('doubtBegan', PATIENCE_MS, ({ reason }) => reason === 'canary-missing');
    const { status, body } = await monitor.get('/readyz');
    assert.equal(status, 503);
    assert.ok((body.doubts as string[]).includes('canary-missing'));
    await pause(MUTE_MS);
    assert.deepEqual(deaths(monitor), []);
    assert.equal(await isReady(monitor), false);
    speak();
    await waitFor('readiness', PATIENCE_MS, () => isReady(monitor));
    await waitFor('everybody alive', PATIENCE_MS, async () => (await counts(monitor)).alive === NAMES.length);
    assert.deepEqual(deaths(monitor), []);
    const metrics = await (await fetch(`${monitor.http}/metrics`)).text();
    assert.match(metrics, /^khd_doubt\{reason="canary-missing"\} 0$/m);
    const seconds = Number(/^khd_doubt_seconds_total (\S+)$/m.exec(metrics)?.[1]);
    assert.ok(seconds >= MUTE_MS / 1000, `${seconds} s in doubt`);
    devices[0]?.vanish();
    const died = await monitor.line('deviceMoved', PATIENCE_MS, ({ to }) => to === 'dead');
    assert.equal(died.device, 'd1');
  }

  it('because it is frozen: nobody dies of it', async () => {
    const broker = await startMosquitto();
    cleanups.add(() => broker.remove());
    const monitor = await start(broker.url);
    const devices = await fleet(broker.url, monitor);
    await survives(monitor, devices, broker.freeze, broker.thaw);
  });

  it('because what it says is dropped on the way: nobody dies of it', async () => {
    const broker = await startMosquitto();
    cleanups.add(() => broker.remove());
    const path = new Path(broker.port);
    cleanups.add(() => path.close());
    const monitor = await start(await path.listen());
    const devices = await fleet(broker.url, monitor);
    const speak = (): void => {
      path.dropping = false;
    };
    // Bytes are missing in the middle of the stream: the connection is of no use any more, as behind a firewall.
    const drop = (): void => {
      path.dropping = true;
    };
    await survives(monitor, devices, drop, speak);
  });

  it('because it does not let the monitor hear itself: it stays in doubt and says why', async () => {
    const broker = await startMosquitto({
      files: { acl: 'topic readwrite khd/1/#\ntopic deny khd/1/monitor/#\n' },
      config: ['acl_file {folder}/acl'],
    });
    cleanups.add(() => broker.remove());
    const monitor = await startMonitor({ 'broker.url': broker.url, data_directory: cleanups.folder() });
    cleanups.add(() => monitor.end('SIGKILL'));
    const doubt = await monitor.line('doubtBegan', PATIENCE_MS, ({ reason }) => reason === 'canary-missing');
    assert.match(doubt.message, /khd\/1\/monitor\/NAME\/canary/);
    assert.equal(await isReady(monitor), false);
  });
});
