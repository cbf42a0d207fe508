/** What the kernel knows of a process (proc(5)). */
import { readFileSync } from 'node:fs';

export interface Memory {
  /** Resident bytes in all. */
  readonly rss: number;
  /** Of these: its own; and of files, such as the store's map and the program itself. */
  readonly anonymous: number;
  readonly file: number;
}

const TICKS_PER_SECOND = 100;

export function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const bytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? Number.NaN) * 1024;
  // A file in memory (tmpfs) is one, too.
  return { rss: bytes('VmRSS'), anonymous: bytes('RssAnon'), file: bytes('RssFile') + bytes('RssShmem') };
}

/** Seconds of processor time so far, all threads, user and system. */
export function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The second field, the name, may hold spaces; the rest begins after its parenthesis.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Bytes that it has read in all, from sockets too. */
export function bytesReadBy(pid: number): number {
  return Number(/^rchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'latin1'))?.[1] ?? Number.NaN);
}
