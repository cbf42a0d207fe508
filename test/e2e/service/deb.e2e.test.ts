/** The agent as a Debian package, through apt, on a system that booted for it. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Booted, boot, SOURCE } from '../support/booted.ts';
import { Cleanups } from '../support/cleanups.ts';

const ROOT = join(import.meta.dirname, '../../..');
const UNIT = 'keepalivehd-agent.service';

/** Stands in for Debian's Node, which is older than 20 on Debian 12: node itself is bound into the system. */
function nodejsPackage(folder: string): void {
  const tree = join(folder, 'nodejs');
  mkdirSync(join(tree, 'DEBIAN'), { recursive: true });
  writeFileSync(
    join(tree, 'DEBIAN/control'),
    'Package: nodejs\nVersion: 20.0.0\nArchitecture: all\nMaintainer: nobody <nobody@example.org>\nDescription: stand-in\n',
  );
  execFileSync('dpkg-deb', ['--root-owner-group', '--build', tree, join(folder, 'nodejs.deb')]);
}

describe('the Debian package', () => {
  const cleanups = new Cleanups();
  let machine: Booted;
  let deb = '';

  before(async () => {
    deb = execFileSync(join(ROOT, 'scripts/package-deb'), { encoding: 'utf8' }).trim();
    machine = await boot(cleanups);
    nodejsPackage(join(machine.root, 'srv'));
  });
  after(() => cleanups.run());

  const property = (name: string): string =>
    machine.must('systemctl', 'show', '--property', name, '--value', UNIT).trim();
  const apt = (...args: readonly string[]): string =>
    machine.must('env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-y', '-q', ...args);

  it('has nothing that lintian finds fault with', () => {
    const { status, stdout } = spawnSync('lintian', ['--allow-root', join(ROOT, deb)], { encoding: 'utf8' });
    assert.deepEqual({ status, stdout }, { status: 0, stdout: '' });
  });

  it('is installed and waits for a configuration, then runs', () => {
    const text = apt('install', '/srv/nodejs.deb', `${SOURCE}/${deb}`);
    assert.match(text, /write \/etc\/keepalivehd\/agent\.json5/);
    assert.equal(property('ActiveState'), 'inactive');
    assert.equal(property('UnitFileState'), 'enabled');
    writeFileSync(
      join(machine.root, 'etc/keepalivehd/agent.json5'),
      "{ broker: { url: 'mqtt://127.0.0.1:1' } }\n",
    );
    // No native part is inside: before systemd 253 the unit lets the systemd-notify command speak for the agent.
    machine.must('test', '-x', '/lib/systemd/system-sleep/keepalivehd-agent');
    machine.must('systemctl', 'start', UNIT);
    assert.equal(property('ActiveState'), 'active');
    assert.match(
      machine.must('keepalivehd', 'config', 'show', '--config', '/etc/keepalivehd/agent.json5'),
      /127\.0\.0\.1/,
    );
  });

  it('has its byte code made when it is installed, and again when Node is', () => {
    const made = '/usr/lib/keepalivehd/agent/program.bytecode';
    const unit = machine.must('systemctl', 'show', '--property', 'ExecStart', '--value', UNIT);
    const options = / node (--.+?) \/usr\/lib\//.exec(unit)?.[1] ?? '?';
    const maker = () => machine.must('head', '--lines', '1', made);
    assert.ok(maker().endsWith(`; ${options}\n`), `${maker()} ${unit}`);
    machine.must('rm', made);
    // What dpkg does of itself when a package brings that file.
    machine.must('dpkg-trigger', '--by-package=nodejs', '/usr/bin/node');
    machine.must('dpkg', '--triggers-only', 'keepalivehd-agent');
    assert.ok(maker().endsWith(`; ${options}\n`));
  });

  it('is removed, and purged without a trace', () => {
    apt('remove', 'keepalivehd-agent');
    assert.ok(existsSync(join(machine.root, 'etc/keepalivehd/agent.json5')));
    apt('purge', 'keepalivehd-agent');
    for (const path of [
      'etc/keepalivehd',
      'usr/lib/keepalivehd',
      'usr/bin/keepalivehd',
      'usr/lib/systemd/system-sleep/keepalivehd-agent',
      'var/lib/private/keepalivehd',
    ]) {
      assert.equal(existsSync(join(machine.root, path)), false, path);
    }
  });
});
