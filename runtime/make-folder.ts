/**
 * Folders that must be there. Node's recursive `mkdir` tries for ever where a file system answers ENOENT for a folder
 * whose parent exists, as procfs does; so it is one level at a time here.
 */
import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Makes `folder` and what is missing above it; returns the first that it made, or null. Throws what the file system
 * says; the `code` is `ENOTDIR` when something else is in the way.
 */
export function makeFolder(folder: string, mode = 0o777): string | null {
  const missing: string[] = [];
  let at = resolve(folder);
  for (let found = look(at); found === 'missing'; found = look(at)) {
    missing.unshift(at);
    at = dirname(at);
  }
  for (const path of missing) makeOne(path, mode);
  return missing[0] ?? null;
}

function look(path: string): 'folder' | 'missing' {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return 'missing';
  if (found.isDirectory()) return 'folder';
  throw Object.assign(new Error(`ENOTDIR: ${path} is not a folder`), { code: 'ENOTDIR' });
}

function makeOne(path: string, mode: number): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    // Somebody else made it meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || look(path) !== 'folder') throw error;
  }
}
