/** Network namespaces that go with the test: named after its process, so that none is left behind for good. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import type { Cleanups } from './cleanups.ts';

/** Debian keeps the tools where users do not look. */
export const TOOL_ENV = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin` };

const FOLDER = '/run/netns';
const NAME = /^khd-(\d+)-\d+-[a-z]+$/;

let laid = 0;

/** Runs a tool to its end and returns what it wrote; fails with what it complained of. */
export function run(command: string, args: readonly string[], input = ''): string {
  try {
    return execFileSync(command, args, { env: TOOL_ENV, input, encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    throw new Error(`${command} ${args.join(' ')} failed: ${said || String(error)}`, { cause: error });
  }
}

/** What to put before a command so that it runs inside; it keeps its process id. */
export function inside(namespace: string): readonly [string, ...string[]] {
  return ['ip', 'netns', 'exec', namespace];
}

/** Makes one namespace for each role, loopback up; they and whatever still runs in them end with the test. */
export function createNamespaces<Role extends string>(
  cleanups: Cleanups,
  roles: readonly Role[],
): Readonly<Record<Role, string>> {
  removeStale();
  laid += 1;
  const names = roles.map((role) => [role, `khd-${process.pid}-${laid}-${role}`] as const);
  for (const [, name] of names) {
    try {
      run('ip', ['netns', 'add', name]);
    } catch (error) {
      throw new Error(
        'these tests need network namespaces: run them as root, where `ip netns add` is allowed, with iproute2 installed',
        { cause: error },
      );
    }
    cleanups.add(() => removeNamespace(name));
    run('ip', ['-n', name, 'link', 'set', 'lo', 'up']);
  }
  return Object.fromEntries(names) as Record<Role, string>;
}

function removeNamespace(name: string): void {
  // Processes would keep a namespace alive, nameless.
  for (const pid of run('ip', ['netns', 'pids', name]).split('\n')) {
    if (pid !== '') kill(Number(pid));
  }
  run('ip', ['netns', 'del', name]);
}

/** A test that was killed cleaned nothing up: the next one does. */
function removeStale(): void {
  if (!existsSync(FOLDER)) return;
  for (const name of readdirSync(FOLDER)) {
    const owner = NAME.exec(name)?.[1];
    if (owner === undefined || existsSync(`/proc/${owner}`)) continue;
    try {
      removeNamespace(name);
    } catch (error) {
      // Another test that started at this moment may have been faster.
      if (existsSync(`${FOLDER}/${name}`)) throw error;
    }
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself meanwhile.
  }
}
