/**
 * One agent for each `state_directory`: two would overwrite each other's count of starts, networks and pushed settings.
 * The claim is an abstract UNIX socket named after the folder's device and inode: nothing on flash, and gone with the
 * process, however that ends. Bound through the C library: `listen` of node:net would load `node:cluster`, 6 ms of a
 * start. Best effort: containers that share the folder but no network namespace do not see each other, nor do agents
 * without a native part.
 */
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { CodedError } from '../../runtime/coded-error.ts';
import type { Log } from '../../runtime/log.ts';
import { makeFolder } from '../../runtime/make-folder.ts';
import type { Libc } from '../../runtime/native/libc.ts';

/**
 * Holds the folder until the process ends. Throws `STATE_IN_USE` when another agent has it. Any program may take a name,
 * so this is believed of a process only that this user may look into; of others there is a warning. A folder that cannot
 * be had hinders nobody here.
 */
export function claimState(
  folder: string,
  libc: Pick<Libc, 'holdName'> | null,
  log: Log,
  procfsRoot = '/proc',
): void {
  const name = libc === null ? null : nameFor(folder);
  if (name === null || libc?.holdName(name) !== 'taken') return;
  const pid = holderOf(name, procfsRoot);
  if (pid !== null) {
    throw new CodedError(
      'STATE_IN_USE',
      `state_directory ${folder} is in use by process ${pid}, an agent that runs already: stop that one, or give each its own state_directory and device.name`,
    );
  }
  const message = `state_directory ${folder} seems to be in use by a process of another user; two agents in it would spoil each other's state`;
  log.write('warn', 'stateShared', message, { path: folder });
}

function nameFor(folder: string): string | null {
  try {
    makeFolder(folder);
    const { dev, ino } = statSync(folder);
    return `khd-agent-${dev}-${ino}`;
  } catch {
    // The first who writes there says why.
    return null;
  }
}

/** A process with a descriptor of the socket of this name; null: none that this user may look at. */
function holderOf(name: string, procfsRoot: string): number | null {
  try {
    const socket = `socket:[${inodeOf(name, readFileSync(`${procfsRoot}/net/unix`, 'utf8'))}]`;
    for (const pid of readdirSync(procfsRoot)) {
      if (/^\d+$/.test(pid) && hasDescriptor(`${procfsRoot}/${pid}/fd`, socket)) return Number(pid);
    }
  } catch {
    // No procfs: nobody can tell.
  }
  return null;
}

/** Of a line `Num RefCount Protocol Flags Type St Inode Path`; an abstract path is shown with `@` for each NUL, at its end too. */
function inodeOf(name: string, table: string): string | undefined {
  const lines = table.split('\n').map((line) => line.split(/\s+/));
  return lines.find(([, , , , , , , path = '']) => path.replace(/^@|@+$/g, '') === name)?.[6];
}

function hasDescriptor(folder: string, target: string): boolean {
  try {
    return readdirSync(folder).some((fd) => linkOf(`${folder}/${fd}`) === target);
  } catch {
    // Of another user, or gone.
    return false;
  }
}

function linkOf(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}
