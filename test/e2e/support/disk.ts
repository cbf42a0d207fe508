/** Small disks of the test's own that become full, refuse to be written to, or break. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Cleanups } from './cleanups.ts';

/** A disk in memory, in a temporary folder that goes with the test. */
export function smallDisk(cleanups: Cleanups, size: string): string {
  const disk = cleanups.folder();
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', disk]);
  cleanups.add(() => execFileSync('umount', ['-l', disk]));
  return disk;
}

/** Takes every byte that is left on `disk`; the returned function gives them back. */
export function fill(disk: string): () => void {
  const file = join(disk, 'fill');
  const target = openSync(file, 'w');
  try {
    for (;;) writeSync(target, new Uint8Array(4096));
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
  } finally {
    closeSync(target);
  }
  return () => rmSync(file);
}

/** From now on every write to `file` fails, also of who has it open; the returned function ends that. */
export function forbidWrites(cleanups: Cleanups, file: string): () => void {
  execFileSync('chattr', ['+i', file]);
  const allow = (): void => void execFileSync('chattr', ['-i', file]);
  cleanups.add(allow);
  return allow;
}

export interface FaultyDisk {
  readonly folder: string;
  /** The kernel meets an error on it and, as most systems are told to, lets nobody write any more. */
  fail(): void;
  /** What an administrator does once nobody uses it: checks it, and mounts it again. */
  mend(): void;
}

/** An ext4 file system in a file. */
export function faultyDisk(cleanups: Cleanups): FaultyDisk {
  const image = join(cleanups.folder(), 'image');
  const folder = cleanups.folder();
  writeFileSync(image, '');
  truncateSync(image, 16 * 1024 * 1024);
  const run = (command: string, ...args: string[]): string =>
    execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  run('mkfs.ext4', '-q', '-F', '-e', 'remount-ro', image);
  const mount = (): void => void run('mount', '-o', 'loop', image, folder);
  mount();
  cleanups.add(() => run('umount', '-l', folder));
  return {
    folder,
    fail() {
      const device = run('findmnt', '-n', '-o', 'SOURCE', folder).trim();
      writeFileSync(`/sys/fs/ext4/${basename(device)}/trigger_fs_error`, 'a test');
    },
    mend() {
      run('umount', folder);
      try {
        run('fsck.ext4', '-y', image);
      } catch (error) {
        // Errors were there, and are corrected.
        if ((error as { status?: unknown }).status !== 1) throw error;
      }
      mount();
    },
  };
}
