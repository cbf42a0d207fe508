/** The operator's command line against a real monitor, mosquitto and agents. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { RolloutView } from '../../../cli/fleet/views.ts';
import { Cleanups } from '../support/cleanups.ts';
import { type RunningMonitor, startMonitor } from '../support/monitor.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { PROGRAM, startProgram } from '../support/process.ts';
import { waitFor } from '../support/wait.ts';

const DEVICES = ['pump-1', 'pump-2', 'pump-3'];
/** What is pushed must not stand on the command line: that has the last word. */
const AGENT = {
  ...{ adaptive_mode: false, keepalive_interval: '3s', keepalive_count: 2 },
  // A push that does not think of it is right everywhere else.
  max_interval: '1m',
  reconnect: { min_delay: '50ms', max_delay: '1s', stable_after: '500ms' },
};
const cleanups = new Cleanups();
let folder: string;
let monitor: RunningMonitor | null = null;

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function keepalivehd(...argv: string[]): Promise<Ran> {
  const env = {
    ...process.env,
    ...{
      XDG_CONFIG_HOME: folder,
      KHD_MONITOR_URL: monitor?.http ?? '',
      KHD_MONITOR_TOKEN_FILE: join(folder, 'token'),
    },
  };
  return new Promise((resolve) => {
    execFile(process.execPath, [PROGRAM, ...argv], { env, timeout: 180_000 }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });
}

/** What `fleet … --json` printed last. */
const jsonOf = <T>({ out, err }: Ran): T => {
  const line = out.trim().split('\n').at(-1);
  assert.ok(line, err);
  return JSON.parse(line);
};

const write = (name: string, settings: object): string => {
  writeFileSync(join(folder, name), JSON.stringify(settings));
  return join(folder, name);
};

async function push(file: string, ...options: string[]): Promise<RolloutView> {
  const pushed = await keepalivehd(
    'fleet',
    'push',
    '--target',
    'group:pilot',
    '--yes',
    '--json',
    file,
    ...options,
  );
  assert.equal(pushed.code, 0, pushed.err);
  return jsonOf<{ rollout: RolloutView }>(pushed).rollout;
}

const tokenFile = (): string => join(folder, 'token');

before(async () => {
  folder = cleanups.folder();
  writeFileSync(tokenFile(), 'a-token-of-the-test\n');
  const { public: key } = jsonOf<{ public: string }>(
    await keepalivehd('fleet', 'keys', 'create', 'ops', '--json'),
  );
  const broker = await startMosquitto();
  cleanups.add(() => broker.remove());
  const started = await startMonitor({
    ...{ 'broker.url': broker.url, data_directory: join(folder, 'monitor') },
    ...{ 'http.token_file': tokenFile(), 'fleet.trusted_keys': key },
  });
  monitor = started;
  cleanups.add(() => started.end('SIGKILL'));
  await started.ready();
  for (const name of DEVICES) {
    const own = {
      device: { name, groups: ['pilot'] },
      broker: { url: broker.url },
      fleet: { trusted_keys: [key] },
    };
    const file = write(`${name}.json`, { ...AGENT, ...own, state_directory: join(folder, name) });
    const agent = startProgram(['agent', '--config', file], {});
    cleanups.add(() => agent.end('SIGKILL'));
  }
  const headers = { Authorization: 'Bearer a-token-of-the-test' };
  await waitFor('the devices to be alive', 60_000, async () => {
    const response = await fetch(`${started.http}/api/devices?state=alive&group=pilot`, { headers });
    const { devices } = (await response.json()) as { devices: unknown[] };
    return devices.length === DEVICES.length;
  });
});
after(() => cleanups.run());

test('an operator pushes, watches, is stopped by the first wave, and goes back', async () => {
  const good = write('good.json5', { keepalive_interval: '2s', keepalive_count: 2, adaptive_mode: false });
  const first = await push(good, '--waves', '100%', '--observe', '10s', '--confirm-within', '1m');
  assert.deepEqual([first.target, first.version, first.state], ['group:pilot', 1, 'running']);
  const watched = await keepalivehd('fleet', 'status', first.id, '--watch', '--json');
  assert.equal(watched.code, 0, watched.out + watched.err);
  const completed = jsonOf<RolloutView>(watched);
  assert.equal(completed.state, 'completed');
  assert.deepEqual(
    completed.waves.map(({ devices, confirmed }) => [devices, confirmed]),
    [[3, 3]],
  );
  const shown = await keepalivehd('config', 'show', '--origin', '--config', join(folder, 'pump-2.json'));
  assert.match(shown.out, /^keepalive_interval +2s +group push \(pilot v1\)$/m, shown.err);

  const wrong = write('wrong.json5', { adaptive_mode: true, keepalive_interval: '2m' });
  const tried = await keepalivehd('fleet', 'push', '--target', 'group:pilot', '--dry-run', wrong);
  assert.match(
    tried.out,
    /v2, .*\n {2}adaptive_mode {7}false -> true\n {2}keepalive_count {5}2 -> not pushed/,
  );
  const over = ['--dry-run', '--config', join(folder, 'pump-1.json'), wrong];
  const refused = await keepalivehd('fleet', 'push', '--target', 'group:pilot', ...over);
  assert.equal(refused.code, 1);
  assert.match(refused.err, /keepalive_interval: 2m is above max_interval 1m/);

  const second = await push(wrong, '--waves', '1,100%', '--observe', '10s');
  const stopped = await keepalivehd('fleet', 'status', second.id, '--watch');
  assert.equal(stopped.code, 1, stopped.out + stopped.err);
  assert.match(stopped.out, /halted: .*1 refused it\n.*\n +1 × bad-setting\n +100% .* waiting\n/);
  const again = await keepalivehd('fleet', 'halt', second.id);
  assert.equal(again.code, 1);
  assert.match(again.err, /is not running/);

  const back = await keepalivehd('fleet', 'rollback', '--target', 'group:pilot', '--dry-run', '--json');
  const { version, changes } = jsonOf<{ version: number; changes: { key: string; change: string }[] }>(back);
  assert.equal(version, 3);
  assert.ok(changes.some(({ key, change }) => key === 'keepalive_interval' && change === '"2m" -> "2s"'));
});

test('a monitor that does not know the caller or the key changes nothing', async () => {
  const file = write('other.json5', { keepalive_count: 4 });
  writeFileSync(join(folder, 'wrong-token'), 'guessed\n');
  const ask = ['fleet', 'push', '--target', 'device:pump-1', '--yes', file];
  const stranger = await keepalivehd(...ask, '--token-file', join(folder, 'wrong-token'));
  assert.equal(stranger.code, 1);
  assert.match(stranger.err, /does not know this token; .*--token-file/);
  const made = await keepalivehd('fleet', 'keys', 'create', 'other');
  assert.equal(made.code, 0, made.err);
  const forged = await keepalivehd(...ask, '--key', 'other');
  assert.equal(forged.code, 1);
  assert.match(forged.err, /the monitor refuses: .*unknown-key/);
  const { rollouts } = jsonOf<{ rollouts: RolloutView[] }>(await keepalivehd('fleet', 'status', '--json'));
  assert.ok(rollouts.every(({ target }) => target === 'group:pilot'));
});
