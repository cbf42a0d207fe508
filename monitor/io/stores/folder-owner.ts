/**
 * Who holds a data folder. A process id alone would lie after a reboot or when ids are used again, so the
 * boot and the process's start time belong to it.
 */
import { readFileSync } from 'node:fs';

/** `<boot id>:<process id>:<start time in ticks since boot>`; parts that cannot be read are empty. */
export function ownerMark(pid: number): string {
  return `${bootId()}:${pid}:${startTicks(pid)}`;
}

/** The process id in `mark` while that very process runs; null when it is gone. */
export function livingOwner(mark: string): number | null {
  const pid = Number(mark.split(':')[1]);
  if (!Number.isSafeInteger(pid) || pid <= 0) return null;
  return runs(pid) && ownerMark(pid) === mark ? pid : null;
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}

/** Fields 3 and later of proc(5)'s stat: the command's name before them may hold spaces and brackets. */
function statOf(pid: number): readonly string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}

const stateOf = (pid: number): string => statOf(pid)[0] ?? '';
/** Field 22. */
const startTicks = (pid: number): string => statOf(pid)[19] ?? '';

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie holds nothing any more; whoever should reap it may never do so.
    return stateOf(pid) !== 'Z';
  } catch (error) {
    // EPERM: it runs, under another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
