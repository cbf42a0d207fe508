/** A device of another architecture, emulated: a small Debian, a Node for it, and what installs there. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cleanups } from './cleanups.ts';

const ROOT = join(import.meta.dirname, '../../..');

export type Architecture = 'armhf' | 'arm64';

export interface Emulated {
  /** Its root folder, a copy of the test's own. */
  readonly root: string;
  /** The words before a JavaScript file that run it there. */
  readonly node: readonly string[];
  /** Runs a command inside, as root of it, and returns what it wrote; fails with that when the command does. */
  must(...command: readonly string[]): string;
  /** The bundle for devices beside the native part for that architecture, as scripts/install places both. */
  bundleWithKoffi(): string;
}

export function emulate(cleanups: Cleanups, architecture: Architecture): Emulated {
  const script = join(ROOT, 'scripts/lib/emulated');
  const made = execFileSync(script, [architecture], { encoding: 'utf8' }).trim();
  const root = join(cleanups.folder(), 'root');
  execFileSync('cp', ['-a', join(made, 'root'), root]);
  // The parts of a Debian that come with its installation, and not out of a package.
  for (const folder of ['srv', 'tmp', 'var/lib/dpkg/updates', 'var/lib/dpkg/info']) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  for (const file of ['status', 'available']) writeFileSync(join(root, 'var/lib/dpkg', file), '');
  const qemu = realpathSync(join(made, 'qemu'));
  const node = realpathSync(join(made, 'node'));
  packNode(cleanups, root, node, architecture);
  return {
    root,
    node: [qemu, '-L', root, node],
    must(...command) {
      const cpu = architecture === 'armhf' ? 'arm' : 'aarch64';
      const enter = join(ROOT, 'scripts/lib/enter-emulated');
      const { status, stdout, stderr, error } = spawnSync(enter, [cpu, root, ...command], {
        encoding: 'utf8',
        timeout: 120_000,
        env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', DEBIAN_FRONTEND: 'noninteractive' },
      });
      if (error !== undefined) throw error;
      if (status !== 0) throw new Error(`${command.join(' ')}: exit code ${status}\n${stdout}${stderr}`);
      return stdout + stderr;
    },
    bundleWithKoffi() {
      const folder = cleanups.folder();
      cpSync(join(ROOT, 'dist/device'), folder, { recursive: true });
      symlinkSync(join(made, 'node_modules'), join(folder, 'node_modules'));
      return join(folder, 'keepalivehd.cjs');
    },
  };
}

/** `/srv/nodejs.deb`: Debian 12 itself has no Node of 20 or later. */
function packNode(cleanups: Cleanups, root: string, node: string, architecture: Architecture): void {
  const tree = cleanups.folder();
  mkdirSync(join(tree, 'DEBIAN'));
  mkdirSync(join(tree, 'usr/bin'), { recursive: true });
  cpSync(node, join(tree, 'usr/bin/node'));
  const fields = [
    'Package: nodejs',
    'Version: 20.11.0',
    `Architecture: ${architecture}`,
    'Maintainer: nobody <nobody@example.org>',
    'Description: stand-in',
  ];
  writeFileSync(join(tree, 'DEBIAN/control'), `${fields.join('\n')}\n`);
  const file = join(root, 'srv/nodejs.deb');
  execFileSync('dpkg-deb', ['-Znone', '--root-owner-group', '--build', tree, file], { stdio: 'pipe' });
}
