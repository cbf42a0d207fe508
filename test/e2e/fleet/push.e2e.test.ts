/** Settings that are pushed to a device: the good ones stay, and those that cut it off are taken back by itself. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { makeKeys } from '../agent/tls-keys.ts';
import { Cleanups } from '../support/cleanups.ts';
import { startHaproxy } from '../support/haproxy.ts';
import { type Mosquitto, type MosquittoOptions, startMosquitto } from '../support/mosquitto.ts';
import { freePort } from '../support/ports.ts';
import { waitFor } from '../support/wait.ts';
import {
  CONFIRM_WITHIN_SECONDS,
  DEVICE,
  GROUP,
  linesOf,
  type PushedDevice,
  secondsBetween,
  startDevice,
} from './pushing.ts';

/** What carrying it out may take on a busy machine, beyond the promise. */
const SLACK_SECONDS = 10;
const IDLE_SECONDS = 5;

async function startBroker(cleanups: Cleanups, options: MosquittoOptions = {}): Promise<Mosquitto> {
  const broker = await startMosquitto(options);
  cleanups.add(() => broker.remove());
  return broker;
}

async function online(device: PushedDevice): Promise<void> {
  await waitFor('the device to be online', 60_000, () => device.statuses.at(-1)?.state === 'online');
}

/** The device took it back within its time, says why, and is where it was. */
async function assertTakenBack(t: TestContext, device: PushedDevice, reason: string): Promise<void> {
  const report = await device.reported('rolled-back', 90_000);
  assert.equal(report.last?.reason, reason, device.agent.output());
  assert.deepEqual(report.running, []);
  const took = secondsBetween(device.agent, 'configurationTrying', 'configurationRolledBack');
  t.diagnostic(`taken back after ${took} s: ${reason}`);
  assert.ok(took <= CONFIRM_WITHIN_SECONDS + SLACK_SECONDS, `${took} s`);
  await waitFor('the status to say so', 60_000, () => {
    const status = device.statuses.at(-1);
    return status?.state === 'online' && status.intervalSeconds === 3 && status.configurationVersion === null;
  });
}

describe('settings that are pushed', { concurrency: true }, () => {
  it('and work are confirmed, without a reconnect, and hold after a restart', async (t) => {
    const cleanups = new Cleanups();
    t.after(() => cleanups.run());
    const broker = await startBroker(cleanups);
    const device = await startDevice(cleanups, broker.url, { broker: { url: broker.url } });
    await online(device);
    const epoch = device.statuses.at(-1)?.epoch;
    await device.push({ keepalive_interval: '2s', log: { level: 'info' } });
    const { running } = await device.reported('confirmed');
    assert.deepEqual(
      running.map(({ version }) => version),
      [1],
    );
    assert.equal(linesOf(device.agent, 'linkUp').length, 1, device.agent.output());
    assert.equal(
      broker.log().match(new RegExp(`connected from .* as ${DEVICE} `, 'g'))?.length,
      1,
      broker.log(),
    );
    await waitFor('the status to say so', 60_000, () => {
      const status = device.statuses.at(-1);
      return (
        status !== undefined &&
        status.epoch === epoch &&
        status.intervalSeconds === 2 &&
        status.configurationVersion === 1
      );
    });
    await device.agent.end('SIGKILL');
    const again = device.restart();
    const started = await again.line('started', 60_000);
    assert.equal(started.keepaliveIntervalSeconds, 2);
    assert.equal(started.configurationVersion, 1);
    await again.line('linkUp', 60_000);
    assert.equal(linesOf(again, 'configurationTrying').length, 0, 'it is not tried again');
  });

  it('to its group and move the device to another broker are confirmed there', async (t) => {
    const cleanups = new Cleanups();
    t.after(() => cleanups.run());
    const [from, to] = [await startBroker(cleanups), await startBroker(cleanups)];
    const device = await startDevice(cleanups, from.url, { broker: { url: from.url } });
    await online(device);
    await device.push({ broker: { url: to.url } }, { target: { kind: 'group', name: GROUP } });
    await device.agent.line('configurationConfirmed', 60_000);
    assert.match(to.log(), new RegExp(`as ${DEVICE} `));
    const epochs = linesOf(device.agent, 'linkUp').map(({ epoch }) => Number(epoch));
    assert.ok(epochs.length === 2 && (epochs[1] ?? 0) > (epochs[0] ?? 0), epochs.join());
  });

  const wrong: readonly [string, (port: number) => Promise<unknown>, string][] = [
    [
      'name a broker that does not exist',
      async () => ({ url: 'mqtt://broker.invalid:1883' }),
      'no-connection',
    ],
    [
      'name a port where nobody listens',
      async () => ({ url: `mqtt://127.0.0.1:${await freePort()}` }),
      'no-connection',
    ],
  ];
  for (const [what, broken, reason] of wrong) {
    it(`and ${what} are taken back`, async (t) => {
      const cleanups = new Cleanups();
      t.after(() => cleanups.run());
      const broker = await startBroker(cleanups);
      const device = await startDevice(cleanups, broker.url, { broker: { url: broker.url } });
      await online(device);
      await device.push({ broker: await broken(broker.port) });
      await assertTakenBack(t, device, reason);
    });
  }

  it("and do not trust the broker's certificate are taken back", async (t) => {
    const cleanups = new Cleanups();
    t.after(() => cleanups.run());
    const keys = makeKeys(cleanups);
    const port = await freePort();
    const tls = [`listener ${port} 127.0.0.1`, `certfile ${keys.cert}`, `keyfile ${keys.key}`];
    const broker = await startBroker(cleanups, { config: tls });
    const url = `mqtts://127.0.0.1:${port}`;
    const device = await startDevice(cleanups, broker.url, { broker: { url, ca_file: keys.ca } });
    await online(device);
    await device.push({ broker: { ca_file: keys.otherCa } });
    await assertTakenBack(t, device, 'tls-failed');
  });

  it('and have a password that the broker refuses are taken back', async (t) => {
    const cleanups = new Cleanups();
    t.after(() => cleanups.run());
    const path = join(cleanups.folder(), 'passwords');
    execFileSync('mosquitto_passwd', ['-b', '-c', path, 'pump', 'right'], { stdio: 'pipe' });
    const broker = await startBroker(cleanups, {
      config: ['allow_anonymous false', `password_file ${path}`],
    });
    const credentials = { username: 'pump', password: 'right' };
    const device = await startDevice(
      cleanups,
      broker.url,
      { broker: { url: broker.url, ...credentials } },
      credentials,
    );
    await online(device);
    await device.push({ broker: { password: 'wrong' } });
    await assertTakenBack(t, device, 'refused-by-broker');
  });

  it('and let the connection be idle for longer than the path allows are taken back', async (t) => {
    const cleanups = new Cleanups();
    t.after(() => cleanups.run());
    const broker = await startBroker(cleanups);
    const port = await startHaproxy(cleanups, broker.port, IDLE_SECONDS);
    const device = await startDevice(cleanups, broker.url, { broker: { url: `mqtt://127.0.0.1:${port}` } });
    await online(device);
    await device.push({ keepalive_interval: '12s' });
    await assertTakenBack(t, device, 'no-answers');
  });

  it('are refused when nobody may have signed them, and change nothing', async (t) => {
    const cleanups = new Cleanups();
    t.after(() => cleanups.run());
    const broker = await startBroker(cleanups);
    const device = await startDevice(cleanups, broker.url, { broker: { url: broker.url } });
    await online(device);
    const text = await device.push({ device: { name: 'other' } });
    await refusal(device, 'forbidden-setting');
    device.publish(JSON.stringify({ keepalive_interval: '9s' }));
    await refusal(device, 'malformed');
    device.publish(`${text.slice(0, -8)}AAAAAAAA`);
    await refusal(device, 'bad-signature');
    device.publish('x'.repeat(20_000));
    await refusal(device, 'too-large');
    await device.push({ keepalive_interval: '2s' }, { expiresAt: 2_000_000, issuedAt: 1_000_000 });
    await refusal(device, 'expired');
    assert.equal(linesOf(device.agent, 'configurationTrying').length, 0);
    assert.equal(linesOf(device.agent, 'linkUp').length, 1);
  });
});

async function refusal(device: PushedDevice, reason: string): Promise<void> {
  await device.agent.line('configurationRefused', 60_000, (line) => line.reason === reason);
}
