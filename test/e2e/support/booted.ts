/** A small Debian under a systemd of its own, booted in a container: what an installed service really does. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cleanups } from './cleanups.ts';
import { waitFor } from './wait.ts';

const ROOT = join(import.meta.dirname, '../../..');
/** Where the repository is inside. */
export const SOURCE = '/opt/source';
const BOOT_MS = 60_000;

export interface Ran {
  readonly code: number | null;
  /** Standard output and standard error. */
  readonly text: string;
}

export interface Booted {
  /** Runs a command inside, as root. */
  run(...command: readonly string[]): Ran;
  /** As `run`, but fails the test when the command does. */
  must(...command: readonly string[]): string;
  /** Its folder, seen from outside. */
  readonly root: string;
  /** Shuts down as `systemctl reboot` does, and boots again. */
  reboot(): Promise<void>;
}

export interface BootOptions {
  /** A network namespace to live in; absent: one of its own, with loopback only. */
  readonly namespace?: string;
  /** Folders of the host to show inside, read-only: host path to path inside. */
  readonly binds?: Readonly<Record<string, string>>;
}

/** Boots a fresh system; it ends with `cleanups`. */
export async function boot(cleanups: Cleanups, options: BootOptions = {}): Promise<Booted> {
  const base = execFileSync(join(ROOT, 'scripts/lib/rootfs'), { encoding: 'utf8' }).trim();
  const root = mkdtempSync(join(tmpdir(), 'khd-boot-'));
  cleanups.add(() => rmSync(root, { recursive: true, force: true }));
  execFileSync('cp', ['-a', `${base}/.`, root]);
  const machine = new Machine(root, options);
  cleanups.add(() => machine.stop());
  await machine.start();
  return machine;
}

class Machine implements Booted {
  readonly root: string;
  readonly #options: BootOptions;
  #nspawn: ChildProcess | null = null;
  #ended: Promise<void> = Promise.resolve();
  #init = 0;

  constructor(root: string, options: BootOptions) {
    this.root = root;
    this.#options = options;
  }

  async start(): Promise<void> {
    const { namespace, binds = {} } = this.#options;
    const network =
      namespace === undefined ? '--private-network' : `--network-namespace-path=/run/netns/${namespace}`;
    const child = spawn(
      'systemd-nspawn',
      [
        ...['-b', '-q', '-D', this.root, '-M', `khd-${this.root.slice(-6)}`, '--register=no', '--keep-unit'],
        network,
        `--bind-ro=${process.execPath}:/usr/bin/node`,
        `--bind-ro=${ROOT}:${SOURCE}`,
        ...Object.entries(binds).map(([from, to]) => `--bind-ro=${from}:${to}`),
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let console = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (console += String(text)));
    this.#nspawn = child;
    this.#ended = new Promise((resolve) => child.once('exit', () => resolve()));
    const what = (): string => `a booted system: ${console}`;
    this.#init = await waitFor(what, BOOT_MS, () => initOf(child.pid ?? 0));
    await waitFor(what, BOOT_MS, () =>
      /^(running|degraded)$/m.test(this.run('systemctl', 'is-system-running').text),
    );
  }

  async stop(): Promise<void> {
    if (this.#nspawn === null) return;
    this.#nspawn.kill('SIGKILL');
    try {
      process.kill(this.#init, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
    await this.#ended;
    this.#nspawn = null;
  }

  async reboot(): Promise<void> {
    this.run('systemctl', 'poweroff');
    await this.#ended;
    this.#nspawn = null;
    await this.start();
  }

  run(...command: readonly string[]): Ran {
    const entered = ['-t', `${this.#init}`, '-a', '-r', '-w', ...command];
    const { status, stdout, stderr, error } = spawnSync('nsenter', entered, {
      encoding: 'utf8',
      timeout: BOOT_MS,
      env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', SYSTEMD_PAGER: '' },
    });
    if (error !== undefined) throw error;
    return { code: status, text: stdout + stderr };
  }

  must(...command: readonly string[]): string {
    const { code, text } = this.run(...command);
    if (code !== 0) throw new Error(`${command.join(' ')}: exit code ${code}\n${text}`);
    return text;
  }
}

/** The first process inside: nspawn's only child. */
function initOf(nspawn: number): number | undefined {
  try {
    const children = readFileSync(`/proc/${nspawn}/task/${nspawn}/children`, 'utf8').trim().split(' ');
    return children
      .map(Number)
      .find((pid) => pid > 0 && readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'systemd');
  } catch {
    return undefined;
  }
}
