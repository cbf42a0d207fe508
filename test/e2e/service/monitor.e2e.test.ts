/** Monitor and agent as they are installed, on one system that booted for them. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Booted, boot, SOURCE } from '../support/booted.ts';
import { Cleanups } from '../support/cleanups.ts';
import { waitFor } from '../support/wait.ts';

const UNIT = 'keepalivehd-monitor.service';
const WAIT_MS = 60_000;
const MONITOR = "{ embedded_broker: { enabled: true }, grace: '2s' }\n";
const AGENT =
  "{ device: { name: 'pump-17' }, broker: { url: 'mqtt://127.0.0.1:1883' }, keepalive_interval: '15s' }\n";

describe('the installed monitor', () => {
  const cleanups = new Cleanups();
  let machine: Booted;
  before(async () => {
    machine = await boot(cleanups);
  });
  after(() => cleanups.run());

  const write = (path: string, text: string): void => writeFileSync(join(machine.root, path), text);
  const property = (name: string, unit = UNIT): string =>
    machine.must('systemctl', 'show', '--property', name, '--value', unit).trim();
  const devices = (): string =>
    machine.run(
      'node',
      '-e',
      "fetch('http://127.0.0.1:8080/api/devices').then((r) => r.text()).then(console.log)",
    ).text;

  it('becomes ready, answers, and says in its status what it sees', () => {
    write('srv/monitor.json5', MONITOR);
    const { code, text } = machine.run(
      `${SOURCE}/scripts/install`,
      '--monitor',
      '--config',
      '/srv/monitor.json5',
    );
    assert.equal(code, 0, text);
    assert.equal(property('ActiveState'), 'active');
    assert.match(property('StatusText'), /0 alive/);
    assert.match(devices(), /"devices":\[\]/);
  });

  it('hears an agent that is installed beside it, also after kill -9', async () => {
    write('srv/agent.json5', AGENT);
    const { code, text } = machine.run(`${SOURCE}/scripts/install`, '--config', '/srv/agent.json5');
    assert.equal(code, 0, text);
    const alive = (): boolean => /"state":"alive"/.test(devices());
    await waitFor(() => `the device: ${devices()}`, WAIT_MS, alive);
    machine.must('systemctl', 'kill', '--signal', 'KILL', UNIT);
    await waitFor(
      'a restart',
      WAIT_MS,
      () => property('NRestarts') === '1' && property('ActiveState') === 'active',
    );
    await waitFor(() => `the device again: ${devices()}`, WAIT_MS, alive);
    assert.match(property('StatusText', 'keepalivehd-agent.service'), /^connected; a probe every/);
  });

  it('is killed and started again by the watchdog when its loop hangs', async () => {
    write('opt/hang.cjs', 'setTimeout(() => { for (;;); }, 3000);');
    mkdirSync(join(machine.root, `etc/systemd/system/${UNIT}.d`), { recursive: true });
    const dropIn = '[Service]\nWatchdogSec=3s\nEnvironment=NODE_OPTIONS=--require=/opt/hang.cjs\n';
    write(`etc/systemd/system/${UNIT}.d/fault.conf`, dropIn);
    machine.must('systemctl', 'daemon-reload');
    machine.must('systemctl', 'restart', '--no-block', UNIT);
    const journal = (): string => machine.must('journalctl', '--unit', UNIT, '--no-pager', '--output', 'cat');
    await waitFor(
      journal,
      WAIT_MS,
      () => /Watchdog timeout/.test(journal()) && Number(property('NRestarts')) > 0,
    );
    machine.must('rm', '-r', `/etc/systemd/system/${UNIT}.d`);
    machine.must('systemctl', 'daemon-reload');
    machine.must('systemctl', 'restart', UNIT);
    assert.equal(property('ActiveState'), 'active');
  });

  it('leaves nothing when both are removed with --purge', () => {
    const { code, text } = machine.run(`${SOURCE}/scripts/uninstall`, '--purge');
    assert.equal(code, 0, text);
    for (const path of [
      'etc/keepalivehd',
      'usr/lib/keepalivehd',
      'var/lib/private/keepalivehd-monitor',
      'var/lib/keepalivehd-monitor',
    ]) {
      assert.equal(existsSync(join(machine.root, path)), false, path);
    }
  });
});
