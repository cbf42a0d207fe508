/** The agent as it is installed, under a systemd that booted for it. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Booted, boot, SOURCE } from '../support/booted.ts';
import { Cleanups } from '../support/cleanups.ts';
import { waitFor } from '../support/wait.ts';

const UNIT = 'keepalivehd-agent.service';
const WAIT_MS = 60_000;

/** Nobody listens there: being ready and staying up takes no network. Short times keep the watchdog's promises short. */
const BROKER = "url: 'mqtt://127.0.0.1:1', connect_timeout: '1s'";
const CONFIG = `{ device: { name: 'pump-17' }, broker: { ${BROKER} }, reconnect: { max_delay: '1s' } }\n`;

describe('the installed agent', () => {
  const cleanups = new Cleanups();
  let machine: Booted;

  before(async () => {
    machine = await boot(cleanups);
  });
  after(() => cleanups.run());

  const write = (path: string, text: string): void => writeFileSync(join(machine.root, path), text);
  const property = (name: string): string =>
    machine.must('systemctl', 'show', '--property', name, '--value', UNIT).trim();
  const install = (...args: readonly string[]) => machine.run(`${SOURCE}/scripts/install`, ...args);
  const journal = (priority = 'debug'): string =>
    machine.must('journalctl', '--unit', UNIT, '--no-pager', '--output', 'cat', '--priority', priority);

  /** Code that runs in the agent's process before it, as a fault inside it would. */
  async function restartWithFault(code: string): Promise<number> {
    write('opt/fault.cjs', code);
    machine.must('mkdir', '-p', `/etc/systemd/system/${UNIT}.d`);
    const dropIn =
      '[Service]\nWatchdogSec=2s\nTimeoutStopSec=1s\nRestartSec=100ms\nEnvironment=NODE_OPTIONS=--require=/opt/fault.cjs\n';
    write(`etc/systemd/system/${UNIT}.d/fault.conf`, dropIn);
    machine.must('systemctl', 'daemon-reload');
    machine.must('systemctl', 'restart', '--no-block', UNIT);
    return Number(property('NRestarts'));
  }

  function withoutFault(): void {
    machine.must('rm', '-rf', `/etc/systemd/system/${UNIT}.d`);
    machine.must('systemctl', 'daemon-reload');
    machine.must('systemctl', 'restart', UNIT);
  }

  it('is installed and not started while it has no configuration, and says what to do', () => {
    const { code, text } = install();
    assert.equal(code, 0, text);
    assert.match(text, /Next: cp .*agent\.json5\.example .*agent\.json5, edit it/);
    assert.equal(property('ActiveState'), 'inactive');
  });

  it('becomes ready without a network, and says in its status what it is doing', () => {
    write('srv/agent.json5', CONFIG);
    // As it is named from where it is called.
    const { code, text } = machine.run(
      'sh',
      '-c',
      `cd /srv && ${SOURCE}/scripts/install --config agent.json5`,
    );
    assert.equal(code, 0, text);
    assert.equal(property('ActiveState'), 'active');
    assert.equal(property('UnitFileState'), 'enabled');
    assert.match(property('StatusText'), /^(connecting|not connected)/);
  });

  it('runs with byte code that was made by the same Node with the same options', () => {
    const command = machine.must('cat', `/proc/${property('MainPID')}/cmdline`).split('\0');
    const options = command.slice(1, command.indexOf('/usr/lib/keepalivehd/agent/keepalivehd.cjs'));
    const maker = machine.must('head', '--lines', '1', '/usr/lib/keepalivehd/agent/program.bytecode');
    assert.ok(options.includes('--jitless') && maker.endsWith(`; ${options.join(' ')}\n`), maker);
  });

  it('runs as nobody that exists otherwise, and keeps its state to itself', () => {
    const pid = property('MainPID');
    const owner = machine.must('stat', '--format', '%U', `/proc/${pid}`).trim();
    assert.notEqual(owner, 'root');
    assert.equal(machine.must('stat', '--format', '%a', '/var/lib/private/keepalivehd').trim(), '700');
  });

  it('reads secrets that only root can read, by the path that the unit gives them', async () => {
    write('etc/keepalivehd/credentials/broker-password', 'hunter2');
    machine.must('chmod', '0400', '/etc/keepalivehd/credentials/broker-password');
    const file = '/run/credentials/keepalivehd-agent.service/secrets_broker-password';
    write(
      'srv/secret.json5',
      `{ broker: { ${BROKER}, username: 'u', password_file: '${file}' }, reconnect: { max_delay: '1s' } }\n`,
    );
    const { code, text } = install('--config', '/srv/secret.json5');
    assert.equal(code, 0, text);
    assert.doesNotMatch(journal(), /hunter2/);
  });

  it('is started again after kill -9', async () => {
    const pid = property('MainPID');
    machine.must('systemctl', 'kill', '--signal', 'KILL', UNIT);
    await waitFor('another process', WAIT_MS, () => {
      const now = property('MainPID');
      return now !== '0' && now !== pid && property('ActiveState') === 'active';
    });
  });

  for (const [fault, code] of [
    ['a hung loop', 'setTimeout(() => { for (;;); }, 2000);'],
    [
      'a timer that never fires',
      'const real = setTimeout; real(() => { globalThis.setTimeout = () => real(() => {}, 1e8); }, 2000);',
    ],
    [
      'an attempt to connect that is never answered',
      "const net = require('node:net'); net.connect = () => new net.Socket();" +
        ' const real = setTimeout; globalThis.setTimeout = (f, ms, ...a) => real(f, 1e8, ...a);',
    ],
  ] as const) {
    it(`is killed and started again by the watchdog when it has ${fault}`, async () => {
      const before = await restartWithFault(code);
      await waitFor(
        () => `a restart:\n${journal()}`,
        WAIT_MS,
        () => Number(property('NRestarts')) > before,
      );
      assert.match(journal(), /Watchdog timeout/);
      withoutFault();
    });
  }

  it('is not restarted while it is merely offline', () => {
    // The faults above each took the watchdog some two seconds; the retries of this run took longer.
    assert.equal(property('ActiveState'), 'active');
    assert.equal(property('Result'), 'success');
  });

  it('gives up on a configuration that is not valid, and says in its status what is wrong with it', () => {
    const file = '/etc/keepalivehd/agent.json5';
    write('etc/keepalivehd/agent.json5', "{ keepalive_interval: 'soon' }\n");
    machine.run('systemctl', 'restart', UNIT);
    const { text } = machine.run('systemctl', 'status', '--no-pager', UNIT);
    assert.equal(property('ExecMainStatus'), '78');
    assert.equal(property('ActiveState'), 'failed');
    assert.match(text, /keepalive_interval/);
    assert.match(text, /soon/);
    assert.match(journal('err'), /keepalive_interval/);
    assert.doesNotMatch(journal('err'), /"event"/);
    assert.match(journal('warning'), /^\{.*"event":"connectFailed"/m);
    assert.doesNotMatch(journal('warning'), /"event":"started"/);
    const named = machine.must('journalctl', '--no-pager', '--identifier', 'keepalivehd-agent');
    assert.match(named, /"event":"started"/);
    write(file, CONFIG);
    machine.must('systemctl', 'restart', UNIT);
  });

  it('goes back to what ran before when an upgrade brings a configuration that is not valid', () => {
    write('srv/bad.json5', "{ broker: { url: 'mqtt://127.0.0.1:1' }, keepalive_count: 0 }\n");
    const { code, text } = install('--config', '/srv/bad.json5');
    assert.equal(code, 1, text);
    assert.match(text, /did not become ready/);
    assert.match(text, /keepalive_count/);
    assert.match(text, /back to what ran before/);
    assert.equal(property('ActiveState'), 'active');
    assert.equal(machine.must('cat', '/etc/keepalivehd/agent.json5'), CONFIG);
  });

  it('goes back to the release before when a new one does not become ready, and takes it up when it does', () => {
    const current = (): string => machine.must('readlink', '/usr/lib/keepalivehd/agent').trim();
    const before = current();
    // As a release is unpacked: no npm, no sources.
    const parts =
      'scripts config/examples systemd dist/device package.json node_modules/koffi node_modules/@koromix';
    machine.must('sh', '-c', `mkdir /opt/next && cd ${SOURCE} && cp -a --parents ${parts} /opt/next`);
    machine.must(
      'sh',
      '-c',
      'sed -i \'s/"use strict";/"use strict";process.exit(9);/\' /opt/next/dist/device/keepalivehd.cjs',
    );
    const bad = machine.run('/opt/next/scripts/install');
    assert.equal(bad.code, 1, bad.text);
    assert.equal(current(), before);
    assert.equal(property('ActiveState'), 'active');
    machine.must(
      'sh',
      '-c',
      "sed -i 's/process.exit(9);//' /opt/next/dist/device/keepalivehd.cjs; echo '// next' >> /opt/next/dist/device/keepalivehd.cjs",
    );
    const good = machine.run('/opt/next/scripts/install');
    assert.equal(good.code, 0, good.text);
    assert.notEqual(current(), before);
    assert.equal(property('ActiveState'), 'active');
  });

  it('is up again after a reboot', async () => {
    await machine.reboot();
    await waitFor('the agent', WAIT_MS, () => property('ActiveState') === 'active');
  });

  it('leaves nothing when it is removed with --purge', () => {
    const { code, text } = machine.run(`${SOURCE}/scripts/uninstall`, '--purge');
    assert.equal(code, 0, text);
    for (const path of [
      'etc/keepalivehd',
      'usr/lib/keepalivehd',
      'usr/local/bin/keepalivehd',
      'var/lib/keepalivehd',
      'var/lib/private/keepalivehd',
      'usr/lib/systemd/system-sleep/keepalivehd-agent',
    ]) {
      assert.equal(existsSync(join(machine.root, path)), false, path);
    }
    const units = readdirSync(join(machine.root, 'etc/systemd/system'), { recursive: true }).map(String);
    assert.deepEqual(
      units.filter((unit) => unit.includes('keepalivehd')),
      [],
    );
  });
});
