/** A webhook's receiver that does everything wrong, and the other sinks, which do not care. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { Cleanups } from '../support/cleanups.ts';
import { FakeDevice } from '../support/device.ts';
import { startMonitor } from '../support/monitor.ts';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.ts';
import { freePort } from '../support/ports.ts';
import { startReceiver } from '../support/receiver.ts';
import { waitFor } from '../support/wait.ts';

const PATIENCE_MS = 60_000;
const DEVICES = ['d1', 'd2', 'd3'];

describe('a receiver', () => {
  const cleanups = new Cleanups();
  let broker: Mosquitto;
  let heardBy: string;
  let settings: Record<string, string>;
  beforeEach(async () => {
    broker = await startMosquitto();
    cleanups.add(() => broker.remove());
    const folder = cleanups.folder();
    heardBy = join(folder, 'heard');
    writeFileSync(heardBy, '');
    settings = {
      'broker.url': broker.url,
      data_directory: join(folder, 'data'),
      'sinks.webhook.secret': 's',
      'sinks.webhook.timeout': '1s',
      'sinks.command.argv': `/bin/sh,-c,cat >>"$0",${heardBy}`,
    };
  });
  afterEach(() => cleanups.run());

  async function dies(...names: readonly string[]): Promise<void> {
    for (const name of names) {
      const device = new FakeDevice(name, broker.url);
      cleanups.add(() => device.vanish());
      await device.connect();
      await device.probe(1);
      device.vanish();
    }
  }

  const heard = (): string[] =>
    readFileSync(heardBy, 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line).alert.device)
      .sort();

  it('that is wrong in every way gets every alert all the same', async () => {
    const receiver = await startReceiver('s');
    cleanups.add(() => receiver.close());
    const limit = { status: 429, headers: { 'Retry-After': '1' } };
    const redirect = { status: 301, headers: { Location: '/elsewhere' } };
    receiver.behave(500, 'half', limit, redirect, 'silent', 'cut', 404, 'rubbish');
    const monitor = await startMonitor({ ...settings, 'sinks.webhook.url': receiver.url });
    cleanups.add(() => monitor.end('SIGKILL'));
    await monitor.ready();
    await dies(...DEVICES);
    await waitFor(
      () => `every alert: ${JSON.stringify(receiver.requests)}`,
      PATIENCE_MS,
      () => receiver.accepted().length === DEVICES.length,
    );
    assert.deepEqual(
      receiver
        .accepted()
        .map(({ device }) => device)
        .sort(),
      DEVICES,
    );
    await waitFor('the program to hear', PATIENCE_MS, () => heard().length === DEVICES.length);
    assert.deepEqual(heard(), DEVICES);
  });

  it('that is down delays nobody else, and gets what it is owed when it is back, after a kill', async () => {
    const port = await freePort();
    const down = { ...settings, 'sinks.webhook.url': `http://127.0.0.1:${port}/hook` };
    const first = await startMonitor(down);
    cleanups.add(() => first.end('SIGKILL'));
    await first.ready();
    await dies(...DEVICES);
    await waitFor('the program to hear', PATIENCE_MS, () => heard().length === DEVICES.length);
    await first.line('sinkFailing', PATIENCE_MS, ({ sink }) => sink === 'webhook');
    const { body } = await first.get('/api/sinks');
    const sinks = body.sinks as { sink: string; pending: number; last_error: string | null }[];
    const webhook = sinks.find(({ sink }) => sink === 'webhook');
    assert.equal(webhook?.pending, DEVICES.length);
    assert.match(webhook?.last_error ?? '', /cannot be reached \(ECONNREFUSED\)/);
    const metrics = await (await fetch(`${first.http}/metrics`)).text();
    assert.match(metrics, /khd_sink_circuit\{sink="webhook",state="closed"\} 0/);
    assert.match(metrics, /khd_sink_circuit\{sink="mqtt",state="closed"\} 1/);
    await first.end('SIGKILL');

    const receiver = await startReceiver('s', port);
    cleanups.add(() => receiver.close());
    const second = await startMonitor(down);
    cleanups.add(() => second.end('SIGKILL'));
    await waitFor('what was owed', PATIENCE_MS, () => receiver.accepted().length === DEVICES.length);
    assert.equal(new Set(receiver.requests.map(({ idempotencyKey }) => idempotencyKey)).size, DEVICES.length);
    // Those who were told are not told again.
    assert.deepEqual(heard(), DEVICES);
  });
});
