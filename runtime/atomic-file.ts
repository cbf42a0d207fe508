/** Small files that are either the old or the new content, whatever happens in between. */
import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder } from './make-folder.ts';

/** What it asks of the file system; each may throw. Tests hand in one that fails or ends the process at a call. */
export interface FileCalls {
  readonly makeFolder: (path: string) => void;
  readonly open: (path: string, flags: 'w' | 'r') => number;
  /** All of it. */
  readonly write: (file: number, content: string) => void;
  readonly sync: (file: number) => void;
  readonly close: (file: number) => void;
  readonly rename: (from: string, to: string) => void;
}

export const FILE_CALLS: FileCalls = {
  makeFolder: (path) => void makeFolder(path),
  open: (path, flags) => openSync(path, flags, 0o600),
  // Unlike `writeSync` it goes on after a write that was cut short.
  write: (file, content) => writeFileSync(file, content),
  sync: fsyncSync,
  close: closeSync,
  rename: renameSync,
};

/** Writes beside `path`, syncs, renames over it and syncs the folder: the order that survives a power cut. */
export function writeFileAtomic(path: string, content: string, calls: FileCalls = FILE_CALLS): void {
  const folder = dirname(path);
  calls.makeFolder(folder);
  const temporary = `${path}.new`;
  const file = calls.open(temporary, 'w');
  try {
    calls.write(file, content);
    calls.sync(file);
  } finally {
    calls.close(file);
  }
  calls.rename(temporary, path);
  const directory = calls.open(folder, 'r');
  try {
    calls.sync(directory);
  } finally {
    calls.close(directory);
  }
}
