import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createKey, type NamedKey } from '../../../../cli/fleet/key-file.ts';
import {
  CONFIGURATION_TYPE,
  encodeDocument,
  parseDocument,
  type Target,
} from '../../../../protocol/configuration.ts';
import { signCompact, verifyCompact } from '../../../../runtime/jws.ts';

const ROOT = join(import.meta.dirname, '../../../..');
const PROGRAM = ['--import', 'tsx', join(ROOT, 'cli/keepalivehd.ts'), 'fleet'];
const pilot: Target = { kind: 'group', name: 'pilot' };

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly token: string | undefined;
  readonly body: { document: string; waves: string[]; observe_seconds: number } | null;
}

let folder: string;
let key: NamedKey;
let server: Server;
let url: string;
let asked: Asked[];
let target: unknown;
let status: number;
let refusal = { code: 'BAD_FIELD', message: 'waves: "0" is not allowed' };

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'khd-push-'));
  key = await createKey(join(folder, 'keepalivehd', 'keys'), 'ops');
  writeFileSync(join(folder, 'token'), 'secret-token\n');
  server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const { method = '', url: path = '', headers } = request;
      asked.push({ method, url: path, token: headers.authorization, body });
      response.statusCode = status;
      response.end(JSON.stringify(status >= 400 ? { error: refusal } : method === 'GET' ? target : rollout));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

after(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

const rollout = {
  ...{ id: 'pilot-5', target: 'group:pilot', version: 5, hash: '0123456789abcdef', state: 'running' },
  ...{ created_at: '', reason: null, waves: [], control: { devices: 0, lapsed: 0 } },
};

async function bodyOf(request: IncomingMessage): Promise<Asked['body']> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return parts.length === 0 ? null : JSON.parse(Buffer.concat(parts).toString());
}

async function documentWith(version: number, settings: object): Promise<object> {
  const times = { issuedAt: 1, expiresAt: 2, confirmWithinSeconds: 300 };
  const rest = { settings: settings as Record<string, unknown>, trustedKeys: null };
  const document = await signCompact(
    encodeDocument({ target: pilot, version, ...times, ...rest }),
    CONFIGURATION_TYPE,
    key.key,
  );
  return { version, hash: '0123456789abcdef', document };
}

function fleet(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  asked = [];
  const env = { ...process.env, XDG_CONFIG_HOME: folder, KHD_MONITOR_URL: url, KHD_MONITOR_TOKEN_FILE: '' };
  return new Promise((resolve) => {
    execFile(process.execPath, [...PROGRAM, ...argv], { env, timeout: 60_000 }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });
}

function write(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

describe('fleet push', () => {
  it('signs what was checked, one version after the last, and hands it to the monitor', async () => {
    status = 200;
    const current = await documentWith(4, { keepalive_interval: '30s' });
    target = { target: 'group:pilot', current, previous: null, highest_version: 4, devices: 8 };
    const file = write('a.json5', "{ keepalive_interval: '45s' /* slower */ }");
    const options = [
      '--target',
      'group:pilot',
      '--waves',
      '2,100%',
      '--yes',
      '--token-file',
      join(folder, 'token'),
    ];
    const { code, out } = await fleet('push', ...options, file);
    assert.equal(code, 0);
    assert.match(
      out,
      /group:pilot v5, signed with ops, waves 2, 100% of 8 devices\n {2}keepalive_interval {2}"30s" -> "45s"\nThe difference is against v4, which/,
    );
    const [read, start] = asked;
    assert.deepEqual([read?.method, read?.url], ['GET', '/api/configurations/group%3Apilot']);
    assert.deepEqual(
      [start?.method, start?.url, start?.token],
      ['POST', '/api/rollouts', 'Bearer secret-token'],
    );
    assert.deepEqual([start?.body?.waves, start?.body?.observe_seconds], [['2', '100%'], 900]);
    const verified = await verifyCompact(start?.body?.document ?? '', CONFIGURATION_TYPE, [key.key.x]);
    assert.ok(verified.ok);
    const parsed = parseDocument(verified.payload);
    assert.ok(parsed.ok);
    const { version, settings, confirmWithinSeconds, issuedAt, expiresAt } = parsed.document;
    assert.deepEqual([version, settings, confirmWithinSeconds], [5, { keepalive_interval: '45s' }, 300]);
    assert.equal(expiresAt - issuedAt, 30 * 86_400);
  });

  it('pushes nothing that a device would refuse, and names it', async () => {
    const file = write('bad.json5', "{ keepalive_intervall: '45s', device: { name: 'x' } }");
    const { code, err } = await fleet('push', '--target', 'group:pilot', '--yes', file);
    assert.equal(code, 1);
    assert.match(err, /keepalive_intervall: is not a known key; did you mean keepalive_interval\?/);
    assert.match(err, /device\.name: cannot be pushed/);
    assert.match(err, /checked over the defaults \(name their file with --config\)/);
    assert.deepEqual(asked, []);
  });

  it('refuses a fixed interval that cannot be proven in time', async () => {
    const file = write('slow.json5', "{ adaptive_mode: false, keepalive_interval: '20m' }");
    const { code, err } = await fleet('push', '--target', 'group:pilot', '--yes', file);
    assert.equal(code, 1);
    assert.match(err, /3 probes take 3600 s, confirm_within is 300 s; .*--confirm-within/);
    assert.deepEqual(asked, []);
  });

  it('asks nobody where nobody is, and pushes nothing then', async () => {
    const file = write('b.json5', '{}');
    const { code, err } = await fleet('push', '--target', 'group:pilot', file);
    assert.equal(code, 2);
    assert.match(err, /add --yes/);
    assert.ok(asked.every(({ method }) => method === 'GET'));
  });

  it('shows what the file of --config says in place of what is not pushed', async () => {
    const config = write(
      'a1.json5',
      "{ will_delay: '3s', broker: { username: 'u', password_file: '/elsewhere' } }",
    );
    const ask = ['--target', 'device:a', '--version', '9', '--dry-run', '--config', config];
    const { code, out } = await fleet('push', ...ask, write('g.json5', "{ will_delay: '5s' }"));
    assert.equal(code, 0);
    assert.match(
      out,
      /will_delay {2}not pushed \(a1\.json5: 3s\) -> "5s"\n.*\n.*the one that --config names/,
    );
  });

  it('tries out without a monitor where the version is given', async () => {
    const file = write('c.json5', "{ will_delay: '5s' }");
    const { code, out } = await fleet(
      'push',
      '--target',
      'device:a',
      '--version',
      '9',
      '--dry-run',
      '--json',
      file,
    );
    assert.equal(code, 0);
    const { version, waves, changes, devices, dry_run: dryRun } = JSON.parse(out);
    assert.deepEqual([version, waves, devices, dryRun], [9, ['100%'], null, true]);
    assert.deepEqual(changes, [{ key: 'will_delay', change: 'not pushed (default "10s") -> "5s"' }]);
    assert.deepEqual(asked, []);
  });

  it('refuses waves that make no plan before it looks at anything else', async () => {
    const { code, err } = await fleet('push', '--target', 'group:pilot', '--waves', '5,2', '/no/such/file');
    assert.equal(code, 2);
    assert.match(err, /--waves: "2": it comes after 5, and must be larger.*such as --waves 1,5%,25%,100%/);
    assert.deepEqual(asked, []);
  });

  it('refuses a target without a device that the monitor knows, in a dry run, too', async () => {
    status = 200;
    target = { target: 'group:pilto', current: null, previous: null, highest_version: 0, devices: 0 };
    const file = write('f.json5', '{}');
    const { code, err } = await fleet('push', '--target', 'group:pilto', '--dry-run', file);
    assert.equal(code, 1);
    assert.match(err, /group:pilto: no device .* in this group; see --target, .*\(NO_DEVICES\)/);
    assert.ok(asked.every(({ method }) => method === 'GET'));
  });

  it('takes no version that was pushed before', async () => {
    status = 200;
    target = { target: 'group:pilot', current: null, previous: null, highest_version: 4, devices: 8 };
    const file = write('d.json5', '{}');
    const { code, err } = await fleet('push', '--target', 'group:pilot', '--version', '4', '--yes', file);
    assert.equal(code, 2);
    assert.match(err, /--version: 4 is not newer than 4/);
  });

  it("says in the monitor's words why it refuses, and what a missing token needs", async () => {
    const file = write('e.json5', '{}');
    const options = ['--target', 'group:pilot', '--version', '9', '--yes', file];
    status = 400;
    assert.match((await fleet('push', ...options)).err, /the monitor refuses: waves: "0" is not allowed/);
    refusal = { code: 'OLDER_VERSION', message: 'group:pilot has version 9; sign one after it' };
    assert.match((await fleet('push', ...options)).err, /has version 9; .*; without --version that is done/);
    refusal = { code: 'NO_TOKEN', message: 'set http.token and send it' };
    assert.match((await fleet('push', ...options)).err, /send it; name the same file here with --token-file/);
    status = 401;
    assert.match((await fleet('push', ...options)).err, /wants a token; name the file .* --token-file/);
  });
});

describe('fleet rollback', () => {
  it('signs the settings before the last push as a new version, for all at once', async () => {
    status = 200;
    const current = await documentWith(4, { keepalive_interval: '20m' });
    const previous = await documentWith(3, { keepalive_interval: '30s' });
    target = { target: 'group:pilot', current, previous, highest_version: 4, devices: 1 };
    const { code, out } = await fleet('rollback', '--target', 'group:pilot', '--yes');
    assert.equal(code, 0);
    assert.match(
      out,
      /v5, signed with ops, waves 100% of 1 device\n {2}keepalive_interval {2}"20m" -> "30s"/,
    );
    const verified = await verifyCompact(asked[1]?.body?.document ?? '', CONFIGURATION_TYPE, [key.key.x]);
    const parsed = verified.ok ? parseDocument(verified.payload) : null;
    assert.deepEqual(parsed?.ok && parsed.document.settings, { keepalive_interval: '30s' });
  });

  it('refuses where nothing was pushed', async () => {
    target = { target: 'group:pilot', current: null, previous: null, highest_version: 0, devices: 8 };
    const { code, err } = await fleet('rollback', '--target', 'group:pilot', '--yes');
    assert.equal(code, 1);
    assert.match(err, /nothing was ever pushed to group:pilot/);
  });
});
