/**
 * Two rollouts at once, with everything real: mosquitto as docs/mosquitto guards it, agents as they ship, and a monitor
 * that is killed in the middle. The one that cuts devices off stops at its first device; the good one goes through.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { CONFIGURATION_TYPE, encodeDocument } from '../../../protocol/configuration.ts';
import { createKeyPair, type KeyPair, signCompact } from '../../../runtime/jws.ts';
import { Cleanups } from '../support/cleanups.ts';
import { type GuardedBroker, PASSWORD, startGuardedBroker } from '../support/guarded-broker.ts';
import { type RunningMonitor, startMonitor } from '../support/monitor.ts';
import { freePort } from '../support/ports.ts';
import { type Program, startProgram } from '../support/process.ts';
import { waitFor } from '../support/wait.ts';

const TOKEN = 'token-of-a-test';
const PATIENCE_MS = 120_000;
/** Devices by group. `late-1` joins when all is over. */
const GROUPS = { good: ['good-1', 'good-2', 'good-3'], bad: ['bad-1', 'bad-2', 'bad-3'] } as const;
const LATE = 'late-1';

interface WaveView {
  readonly state: string;
  readonly sent: number;
  readonly confirmed: number;
  readonly rolled_back: number;
  readonly reasons: Readonly<Record<string, number>>;
}

interface RolloutView {
  readonly id: string;
  readonly state: string;
  readonly hash: string;
  readonly reason: { readonly kind: string; readonly text: string } | null;
  readonly waves: readonly WaveView[];
}

const cleanups = new Cleanups();
let guarded: GuardedBroker;
let key: KeyPair;
let dataDirectory: string;
let monitor: RunningMonitor;
const agents = new Map<string, Program>();

async function runMonitor(): Promise<void> {
  monitor = await startMonitor({
    ...{ data_directory: dataDirectory, 'http.token': TOKEN, 'fleet.trusted_keys': key.x },
    // A busy machine is not to look like a death.
    grace: '10s',
    ...{ 'broker.url': guarded.url, 'broker.username': 'monitor', 'broker.password': PASSWORD },
  });
  const { end } = monitor;
  cleanups.add(() => end('SIGKILL'));
}

function startAgent(device: string, group: string): void {
  const folder = cleanups.folder();
  const settings = {
    ...{
      device: { name: device, groups: [group] },
      state_directory: folder,
      battery: { sysfs_root: folder },
    },
    ...{
      fleet: { trusted_keys: [key.x] },
      adaptive_mode: false,
      keepalive_interval: '3s',
      keepalive_count: 3,
    },
    broker: {
      ...{ url: guarded.devicesUrl, ca_file: guarded.keys.ca, username: device, password: PASSWORD },
    },
    reconnect: { max_delay: '1s' },
  };
  // Words of the command line would win over what is pushed.
  const file = join(folder, 'agent.json');
  writeFileSync(file, JSON.stringify(settings));
  const agent = startProgram(['agent', '--config', file], {});
  cleanups.add(() => agent.end('SIGKILL'));
  agents.set(device, agent);
}

async function ask<T>(path: string, body?: unknown): Promise<T> {
  const response = await fetch(`${monitor.http}${path}`, {
    headers: { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/json' },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });
  const answer = await response.json();
  assert.ok(response.ok, JSON.stringify(answer));
  return answer as T;
}

async function push(group: string, settings: Record<string, unknown>): Promise<RolloutView> {
  const nowSeconds = Math.floor(Date.now() / 1000);
  const document = {
    target: { kind: 'group', name: group } as const,
    ...{ version: 1, issuedAt: nowSeconds, expiresAt: nowSeconds + 3600, confirmWithinSeconds: 30 },
    ...{ settings, trustedKeys: null },
  };
  const text = await signCompact(encodeDocument(document), CONFIGURATION_TYPE, key);
  return ask('/api/rollouts', { document: text, waves: ['1', '100%'], observe_seconds: 10 });
}

function until(id: string, state: string): Promise<RolloutView> {
  let last: RolloutView | null = null;
  const what = () => `${id} to be ${state}: ${JSON.stringify(last)}\n${monitor.output()}`;
  return waitFor(what, PATIENCE_MS, async () => {
    last = await ask<RolloutView>(`/api/rollouts/${id}`);
    return last.state === state ? last : null;
  });
}

const tried = (device: string): boolean =>
  agents.get(device)?.lines.some(({ event }) => event === 'configurationTrying') ?? false;

describe('a rollout of a good push and one of a push that cuts devices off, at once', () => {
  let good: RolloutView;
  let bad: RolloutView;

  before(async () => {
    key = await createKeyPair();
    const devices = [...GROUPS.good, ...GROUPS.bad, LATE];
    const sections = devices.map((device) => {
      const group = device.startsWith('bad') ? 'bad' : 'good';
      return `user ${device}\ntopic read khd/1/group/${group}/config\n`;
    });
    guarded = await startGuardedBroker(cleanups, ['monitor', ...devices], `\n${sections.join('\n')}`);
    dataDirectory = cleanups.folder();
    await runMonitor();
    await monitor.ready();
    for (const [group, names] of Object.entries(GROUPS)) for (const name of names) startAgent(name, group);
    await waitFor('all devices to be alive', PATIENCE_MS, async () => {
      const { counts } = await ask<{ counts: { alive: number } }>('/api/devices');
      return counts.alive === 6;
    });
    bad = await push('bad', { broker: { url: `mqtts://127.0.0.1:${await freePort()}` } });
    good = await push('good', { keepalive_interval: '2s' });
    const first = [...GROUPS.good, ...GROUPS.bad];
    await waitFor('both to be on trial', PATIENCE_MS, () => first.filter(tried).length >= 2);
    await monitor.end('SIGKILL');
    await runMonitor();
  });
  after(() => cleanups.run());

  it('stops the one that cuts devices off at its first wave, and says why', async () => {
    const { reason } = await until(bad.id, 'halted');
    // It is away for longer than keepalive_timeout, so that its death shows before it says that it is back.
    assert.match(reason?.kind ?? '', /^(lapses|rollbacks)$/);
    assert.match(reason?.text ?? '', /^of 1 device of the wave 1 (lapsed|took it back)/);
    const { waves } = await waitFor('the device to say that it took it back', PATIENCE_MS, async () => {
      const view = await ask<RolloutView>(`/api/rollouts/${bad.id}`);
      return view.waves[0]?.rolled_back === 1 ? view : null;
    });
    assert.deepEqual(
      waves.map(({ state, sent }) => ({ state, sent })),
      [
        { state: 'failed', sent: 1 },
        { state: 'waiting', sent: 0 },
      ],
    );
    assert.deepEqual(waves[0]?.reasons, { 'no-connection': 1 });
    await waitFor('all devices to be alive', PATIENCE_MS, async () => {
      const { counts } = await ask<{ counts: { alive: number } }>('/api/devices');
      return counts.alive === 6;
    });
  });

  it('completes the other, across the kill', async () => {
    const { waves } = await until(good.id, 'completed');
    assert.deepEqual(
      waves.map(({ state, sent, confirmed }) => ({ state, sent, confirmed })),
      [
        { state: 'passed', sent: 1, confirmed: 1 },
        { state: 'passed', sent: 2, confirmed: 2 },
      ],
    );
    for (const device of GROUPS.good) {
      const trials = agents.get(device)?.lines.filter(({ event }) => event === 'configurationTrying');
      assert.equal(trials?.length, 1, `${device} tries it once`);
    }
    const { configuration } = await ask<{ configuration: { wanted: { state: string }[] } }>(
      '/api/devices/good-2',
    );
    assert.deepEqual(
      configuration.wanted.map(({ state }) => state),
      ['running'],
    );
  });

  it('leaves the document for a device that joins later', async () => {
    startAgent(LATE, 'good');
    await agents.get(LATE)?.line('configurationConfirmed', PATIENCE_MS);
  });

  it('has shown the bad push to nobody else', () => {
    assert.deepEqual(GROUPS.bad.filter(tried).length, 1);
  });
});
