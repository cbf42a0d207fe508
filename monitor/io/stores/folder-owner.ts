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

function startTicks(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // proc(5): the command's name may hold spaces and brackets; field 22 is the 20th after its last bracket.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, under another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
