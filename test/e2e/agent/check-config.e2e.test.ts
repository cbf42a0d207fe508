/** `keepalivehd agent check-config --connect`, as it ships on a device: it walks the way, and stops where it fails. */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { Cleanups } from '../support/cleanups.ts';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.ts';
import { freePort } from '../support/ports.ts';
import { programFor } from '../support/process.ts';
import { PROXY_PASSWORD, PROXY_USER, startTinyproxy } from '../support/tinyproxy.ts';
import { count, DEVICE, nth, startAgent } from './agent.ts';
import { type Keys, makeKeys } from './tls-keys.ts';

interface Finding {
  readonly check: string;
  readonly outcome: string;
  readonly detail: string;
  readonly fix: string | null;
}

describe('agent check-config --connect', () => {
  const cleanups = new Cleanups();
  let keys: Keys;
  let tls: Mosquitto;
  let strict: Mosquitto;

  before(async () => {
    keys = makeKeys(cleanups);
    tls = await startMosquitto({ config: [`certfile ${keys.cert}`, `keyfile ${keys.key}`] });
    // Whoever gives no user name may only read.
    const acl = 'topic read khd/1/#\n';
    strict = await startMosquitto({ config: ['acl_file {folder}/acl'], files: { acl } });
    for (const broker of [tls, strict]) cleanups.add(() => broker.remove());
  });
  after(() => cleanups.run());

  function argvFor(settings: Readonly<Record<string, string>>, ...flags: readonly string[]): string[] {
    const given = { 'device.name': DEVICE, state_directory: '/nonexistent', ...settings };
    const sets = Object.entries(given).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
    return [programFor('agent'), 'agent', 'check-config', '--connect', '--json', ...flags, ...sets];
  }

  function check(settings: Readonly<Record<string, string>>) {
    const argv = argvFor(settings);
    const { status, stdout, stderr } = spawnSync(process.execPath, argv, {
      encoding: 'utf8',
      timeout: 60_000,
    });
    assert.notEqual(stdout, '', stderr);
    const { findings } = JSON.parse(stdout) as { readonly findings: readonly Finding[] };
    return { status, findings, steps: findings.map(({ check }) => check), last: findings.at(-1), stdout };
  }

  it('walks the whole way over TLS, and leaves an agent that runs alone', async () => {
    const url = `mqtts://127.0.0.1:${tls.port}`;
    const settings = { 'broker.url': url, 'broker.ca_file': keys.ca };
    const agent = startAgent(cleanups, url, { 'broker.ca_file': keys.ca });
    await nth(agent, 'linkUp', 1, 60_000);
    const { status, findings, steps, stdout } = check(settings);
    assert.equal(status, 0, stdout);
    assert.deepEqual(steps.slice(-6), ['tcp', 'tls', 'resumption', 'connect', 'publish', 'subscribe']);
    assert.ok(findings.slice(-5).every(({ outcome }) => outcome === 'ok') || stdout.includes('days'), stdout);
    assert.match(stdout, /TLSv1\.3, .*certificate of broker by ca/);
    assert.match(stdout, /second handshake was resumed/);
    assert.equal(count(agent, 'linkUp'), 1);
    await agent.end();
  });

  it('goes through a proxy, and names it when that refuses', async () => {
    const proxy = { 'broker.proxy.url': `http://127.0.0.1:${await startTinyproxy(cleanups)}` };
    const settings = { 'broker.url': `mqtts://127.0.0.1:${tls.port}`, 'broker.ca_file': keys.ca, ...proxy };
    const refused = check(settings);
    assert.deepEqual([refused.status, refused.last?.check], [1, 'proxy'], refused.stdout);
    assert.match(refused.last?.fix ?? '', /^broker\.proxy\.username/);
    const given = { 'broker.proxy.username': PROXY_USER, 'broker.proxy.password': PROXY_PASSWORD };
    const allowed = check({ ...settings, ...given });
    assert.equal(allowed.status, 0, allowed.stdout);
    assert.ok(allowed.steps.includes('proxy'));
  });

  it('stops at the step that fails, and says what to do', async () => {
    const port = await freePort();
    for (const [settings, step, fix] of [
      [{ 'broker.url': 'mqtt://no-such-host.invalid' }, 'name', /^broker\.url/],
      [{ 'broker.url': `mqtt://127.0.0.1:${port}` }, 'tcp', /^broker\.url: nobody listens/],
      [
        { 'broker.url': `mqtts://127.0.0.1:${tls.port}`, 'broker.ca_file': keys.otherCa },
        'tls',
        /^broker\.ca_file/,
      ],
      [{ 'broker.url': `mqtts://127.0.0.1:${strict.port}` }, 'tls', /mqtt:\/\//],
      [{ 'broker.url': `mqtt://127.0.0.1:${tls.port}` }, 'connect', /mqtts:\/\//],
    ] as const) {
      const { status, last, stdout } = check({ 'broker.connect_timeout': '10s', ...settings });
      assert.deepEqual([status, last?.check, last?.outcome], [1, step, 'failed'], stdout);
      assert.match(last?.fix ?? '', fix);
    }
  });

  it('knows what the broker does not let it publish', () => {
    const { status, findings, stdout } = check({ 'broker.url': strict.url });
    assert.equal(status, 1, stdout);
    const publish = findings.find(({ check }) => check === 'publish');
    assert.equal(publish?.outcome, 'failed');
    assert.match(publish?.detail ?? '', /khd\/1\/pump-17\/probe/);
  });

  it('knows what signed settings miss', () => {
    const fleet = { 'fleet.trusted_keys': 'A'.repeat(43), 'device.groups': 'pilot' };
    const { status, findings, steps, stdout } = check({ 'broker.url': strict.url, ...fleet });
    assert.equal(status, 1, stdout);
    assert.deepEqual(steps.slice(-2), ['fleet report', 'fleet settings']);
    const [report, settings] = findings.slice(-2);
    assert.equal(report?.outcome, 'failed');
    assert.match(report?.fix ?? '', /pattern write khd\/1\/%u\/config\/report/);
    // mosquitto grants what it will not deliver.
    assert.equal(settings?.outcome, 'ok', stdout);
    assert.match(settings?.detail ?? '', /khd\/1\/group\/pilot\/config; mosquitto grants/);
  });

  it('connects under the name of the device where a broker lets its account do nothing else', async () => {
    // As brokers that bind names to accounts do; mosquitto has no such rule of its own.
    const refused: string[] = [];
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', (bytes: Buffer) => {
        // Protocol name and level, flags, Keep Alive, properties; then the client identifier (MQTT 5 section 3.1).
        const isOwn = bytes.includes(`\0${String.fromCharCode(DEVICE.length)}${DEVICE}`);
        if (!isOwn) refused.push('another');
        socket.end(Buffer.from([0x20, 3, 0, isOwn ? 0x8b : 0x87, 0]));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanups.add(() => server.close());
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    const settings = { 'broker.url': `mqtt://127.0.0.1:${address.port}` };
    // Not `check`, which would keep the broker above from answering.
    const checkAsync = (...argv: Parameters<typeof argvFor>): Promise<string> =>
      new Promise((resolve) =>
        execFile(process.execPath, argvFor(...argv), { timeout: 60_000 }, (_error, stdout) =>
          resolve(stdout),
        ),
      );
    const asCheck = await checkAsync(settings);
    assert.match(asCheck, /as pump-17-check: Connection refused: Not authorized/);
    assert.match(asCheck, /let this account connect as pump-17 only: stop the agent and add --own-name/);
    assert.match(
      await checkAsync(settings, '--own-name'),
      /as pump-17: Connection refused: Server shutting down/,
    );
    assert.deepEqual(refused, ['another']);
  });

  it('tries nothing under a configuration that is not valid', () => {
    const { status, findings } = check({ keepalive_interval: 'soon' });
    assert.equal(status, 78);
    assert.deepEqual(
      findings.map(({ check, outcome }) => [check, outcome]),
      [['keepalive_interval', 'failed']],
    );
  });
});
