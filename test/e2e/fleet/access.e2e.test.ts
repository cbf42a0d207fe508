/** Access control as docs/mosquitto shows it, before a real mosquitto: each permission and each refusal. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  alertTopic,
  askTopic,
  canaryTopic,
  configReportTopic,
  configTopic,
  groupConfigTopic,
  incidentTopic,
  networkKnowledgeTopic,
  networkReportTopic,
  probeTopic,
  statusTopic,
  waveConfigTopic,
} from '../../../protocol/topics.ts';
import { openMqtt } from '../../../runtime/mqtt-client.ts';
import type { Will } from '../../../runtime/mqtt-session.ts';
import { Cleanups } from '../support/cleanups.ts';
import { type GuardedBroker, PASSWORD, startGuardedBroker } from '../support/guarded-broker.ts';
import { startMonitor } from '../support/monitor.ts';
import { startProgram } from '../support/process.ts';
import { waitFor } from '../support/wait.ts';

const PAYLOAD = new TextEncoder().encode('x');
/** MQTT 5 section 2.4. */
const NOT_AUTHORIZED = 135;

const cleanups = new Cleanups();
let guarded: GuardedBroker;

interface Client {
  readonly heard: readonly string[];
  readonly isUp: () => boolean;
  /** null: the broker took it; otherwise its reason code. */
  publish(topic: string, retain?: boolean): Promise<number | null>;
  hear(topic: string): Promise<void>;
  /** Closes without a word. */
  die(): void;
}

interface Login {
  readonly clientId?: string;
  readonly password?: string;
  readonly will?: Will;
}

/** Connects as `username`, or says why not. */
async function connect(username: string, login: Login = {}): Promise<Client | string> {
  const { clientId = username, password = PASSWORD, will } = login;
  const isMonitor = username === 'monitor';
  const heard: string[] = [];
  let state: 'connecting' | 'up' | 'closed' = 'connecting';
  let refusal: string | null = null;
  const session = openMqtt(
    {
      broker: {
        url: isMonitor ? guarded.url : guarded.devicesUrl,
        ...(isMonitor ? {} : { caFile: guarded.keys.ca }),
        ...{ protocol: '5', connectTimeoutSeconds: 30, username, password },
      },
      ...{ clientId, protocolVersion: 5, keepAliveSeconds: 600, ownPings: false, connectTimeoutMs: 30_000 },
      ...(will === undefined ? {} : { will }),
    },
    {
      onUp: () => {
        state = 'up';
      },
      onConnectFailed: (failure) => {
        refusal = failure.kind;
      },
      onClosed: () => {
        state = 'closed';
      },
      onMessage: (topic) => heard.push(topic),
    },
  );
  cleanups.add(() => session.destroy());
  await waitFor(`${username} to connect or not`, 60_000, () => state !== 'connecting' || refusal !== null);
  if (refusal !== null) return refusal;
  return {
    heard,
    isUp: () => state === 'up',
    die: () => session.destroy(),
    publish: (topic, retain = false) =>
      new Promise((resolve, reject) => {
        session.publish(topic, PAYLOAD, { qos: 1, retain }, (error) => {
          if (error === null) resolve(null);
          else if (typeof error.code === 'number') resolve(error.code);
          else reject(error);
        });
      }),
    hear: (topic) =>
      new Promise((resolve, reject) => {
        session.subscribe([{ topic, qos: 1 }], (error) => (error === null ? resolve() : reject(error)));
      }),
  };
}

async function connected(username: string, login: Login = {}): Promise<Client> {
  const client = await connect(username, login);
  assert.ok(typeof client !== 'string', `${username}: ${client}\n${guarded.broker.log()}`);
  return client;
}

const ofDevice = (device: string) => ({
  says: [
    probeTopic(device),
    statusTopic(device),
    networkReportTopic(device),
    configReportTopic(device),
    `khd/1/${device}/app/meter/reading`,
  ],
  isTold: [askTopic(device), configTopic(device), waveConfigTopic(device)],
});
const KNOWLEDGE = networkKnowledgeTopic('ab12');
const TOLD_TO_NO_DEVICE = [alertTopic('pump-17'), alertTopic('pump-18'), incidentTopic('i1')];
const GROUPS = [groupConfigTopic('pilot'), groupConfigTopic('other')];

describe('access control for mosquitto', () => {
  before(async () => {
    guarded = await startGuardedBroker(cleanups, [
      'monitor',
      'pump-17',
      'pump-18',
      'pump-19',
      'alert-reader',
    ]);
  });
  after(() => cleanups.run());

  it('lets a device speak as itself, and as nobody and nothing else', async () => {
    const device = await connected('pump-17');
    for (const topic of ofDevice('pump-17').says) assert.equal(await device.publish(topic), null, topic);
    const refused = [
      ...ofDevice('pump-17').isTold,
      ...ofDevice('pump-18').says,
      ...ofDevice('pump-18').isTold,
      ...[KNOWLEDGE, ...GROUPS, ...TOLD_TO_NO_DEVICE, canaryTopic('m'), 'anything'],
    ];
    for (const topic of refused) assert.equal(await device.publish(topic), NOT_AUTHORIZED, topic);
  });

  it('lets a device hear what is for it and its groups, whatever it subscribes', async () => {
    const monitor = await connected('monitor');
    const others = await connected('pump-18');
    const device = await connected('pump-17');
    const all = [
      ...ofDevice('pump-17').isTold,
      ...ofDevice('pump-18').isTold,
      ...[KNOWLEDGE, ...GROUPS, ...TOLD_TO_NO_DEVICE],
    ];
    for (const topic of all) assert.equal(await monitor.publish(topic, true), null, topic);
    for (const topic of ofDevice('pump-18').says)
      assert.equal(await others.publish(topic, true), null, topic);
    for (const topic of ofDevice('pump-17').says)
      assert.equal(await device.publish(topic, true), null, topic);
    await device.hear('khd/1/#');
    // Sent last, so that it arrives last.
    assert.equal(await monitor.publish(askTopic('pump-17')), null);
    const isLast = (): boolean => device.heard.filter((topic) => topic === askTopic('pump-17')).length === 2;
    await waitFor(() => `the last message: ${device.heard.join()}`, 60_000, isLast);
    const expected = [
      ...ofDevice('pump-17').isTold,
      ...[statusTopic('pump-17'), 'khd/1/pump-17/app/meter/reading'],
      ...[KNOWLEDGE, groupConfigTopic('pilot')],
    ];
    assert.deepEqual([...new Set(device.heard)].sort(), expected.sort());
    await others.hear('khd/1/#');
    assert.equal(await monitor.publish(askTopic('pump-18')), null);
    await waitFor('the last message', 60_000, () => {
      return others.heard.filter((topic) => topic === askTopic('pump-18')).length === 2;
    });
    const foreign = others.heard.filter(
      (topic) => topic !== KNOWLEDGE && !topic.startsWith('khd/1/pump-18/'),
    );
    assert.deepEqual(foreign, [], 'it is in no group');
  });

  it('lets the monitor hear devices and tell them, but not speak for them', async () => {
    const monitor = await connected('monitor', { clientId: 'khd-monitor-1' });
    const device = await connected('pump-19');
    const { says, isTold } = ofDevice('pump-19');
    await monitor.hear('khd/1/#');
    for (const topic of says) assert.equal(await device.publish(topic), null, topic);
    for (const topic of [...isTold, KNOWLEDGE, ...GROUPS, ...TOLD_TO_NO_DEVICE]) {
      assert.equal(await monitor.publish(topic), null, topic);
    }
    for (const topic of says) assert.equal(await monitor.publish(topic), NOT_AUTHORIZED, topic);
    const canary = canaryTopic('khd-monitor-1');
    assert.equal(await monitor.publish(canary), null);
    await waitFor('its canary', 60_000, () => monitor.heard.includes(canary));
    const heard = monitor.heard.filter((topic) => topic.startsWith('khd/1/pump-19/'));
    assert.deepEqual([...new Set(heard)].sort(), says.filter((topic) => !topic.includes('/app/')).sort());
  });

  it('lets a reader of alerts hear those, and nothing else', async () => {
    const monitor = await connected('monitor');
    const reader = await connected('alert-reader');
    for (const topic of [...ofDevice('pump-17').isTold, ...GROUPS, ...TOLD_TO_NO_DEVICE, KNOWLEDGE]) {
      assert.equal(await monitor.publish(topic, true), null, topic);
    }
    await reader.hear('khd/1/#');
    // Sent last, so that it arrives last.
    const last = incidentTopic('last');
    assert.equal(await monitor.publish(last), null);
    await waitFor(
      () => `the last: ${reader.heard.join()}`,
      60_000,
      () => reader.heard.includes(last),
    );
    const expected = [...TOLD_TO_NO_DEVICE, last, KNOWLEDGE];
    assert.deepEqual([...new Set(reader.heard)].sort(), expected.sort());
    for (const topic of TOLD_TO_NO_DEVICE) assert.equal(await reader.publish(topic), NOT_AUTHORIZED, topic);
  });

  it('keeps out who has no account or the wrong password', async () => {
    assert.equal(await connect('pump-17', { password: 'guessed' }), 'refused');
    assert.equal(await connect('stranger'), 'refused');
    assert.equal(await connect('monitor', { password: 'guessed' }), 'refused');
  });

  it("publishes no device's will for another", async () => {
    const monitor = await connected('monitor');
    await monitor.hear('khd/1/+/status');
    await monitor.hear(canaryTopic('m'));
    assert.equal(await monitor.publish(canaryTopic('m')), null);
    // What was retained came before it.
    await waitFor('its canary', 60_000, () => monitor.heard.includes(canaryTopic('m')));
    const retained = monitor.heard.length;
    const dieWith = async (topic: string): Promise<void> => {
      const device = await connected('pump-19', { will: { topic, payload: PAYLOAD, delaySeconds: 0 } });
      device.die();
    };
    await dieWith(statusTopic('pump-18'));
    // The next connection of the same name comes after the end of the last.
    await dieWith(statusTopic('pump-19'));
    const isHeard = (): boolean => monitor.heard.slice(retained).includes(statusTopic('pump-19'));
    await waitFor(() => `its own will\n${guarded.broker.log()}`, 60_000, isHeard);
    assert.deepEqual(monitor.heard.slice(retained), [statusTopic('pump-19')]);
  });

  it('lets nobody throw out a device under its client id', async () => {
    const device = await connected('pump-17');
    const intruder = await connected('pump-18', { clientId: 'pump-17' });
    assert.equal(await intruder.publish(probeTopic('pump-18')), null);
    assert.equal(await device.publish(probeTopic('pump-17')), null);
    assert.ok(device.isUp());
  });

  it('is enough for a real agent and a real monitor', async (t) => {
    const own = new Cleanups();
    t.after(() => own.run());
    const [folder, data] = [own.folder(), own.folder()];
    const denied = (): number => guarded.broker.log().split('Denied').length - 1;
    const before = denied();
    assert.ok(before > 0, 'the broker says whom it refused');
    const monitor = await startMonitor({
      data_directory: data,
      ...{ 'broker.url': guarded.url, 'broker.username': 'monitor', 'broker.password': PASSWORD },
    });
    own.add(() => monitor.end('SIGKILL'));
    await monitor.ready();
    const agent = startProgram(['agent'], {
      ...{ 'device.name': 'pump-17', 'device.groups': 'pilot', state_directory: folder },
      ...{
        'battery.sysfs_root': folder,
        'broker.url': guarded.devicesUrl,
        'broker.ca_file': guarded.keys.ca,
      },
      ...{ 'broker.username': 'pump-17', 'broker.password': PASSWORD, keepalive_interval: '1s' },
      adaptive_mode: false,
      'fleet.trusted_keys': 'A'.repeat(43),
    });
    own.add(() => agent.end('SIGKILL'));
    await waitFor(
      () => `the monitor to see it alive: ${agent.output()}`,
      60_000,
      async () => (await monitor.get('/api/devices/pump-17')).body.state === 'alive',
    );
    assert.equal(denied(), before, guarded.broker.log());
  });
});
