/** What keeps a program from writing below its folder, in words, and the way out. */
import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

export interface FolderTrouble {
  readonly problem: string;
  readonly fix: string;
}

type Words = readonly [problem: string, fix: (folder: string, key: string) => string];

const mayNot: Words = [
  'this user may not write there',
  (_, key) => `let this user write there, or name another folder (${key})`,
];
const isFull: Words = [
  'the disk is full',
  (folder, key) =>
    `make room on the file system mounted at ${mountPointOf(folder)} (df, df -i), or move the folder to another one (${key})`,
];
const noFolder: Words = ['is not a folder', (_, key) => `name another folder (${key})`];

const BY_CODE: Readonly<Record<string, Words>> = {
  EACCES: mayNot,
  EPERM: mayNot,
  EROFS: [
    'is on a file system that is read-only',
    (folder, key) =>
      `mount ${mountPointOf(folder)} for writing (after an error of the disk the kernel may have locked it: dmesg), or name another folder (${key})`,
  ],
  ENOSPC: isFull,
  EDQUOT: ['the disk quota of this user is used up', (_, key) => `raise the quota, or make room (${key})`],
  ENOTDIR: noFolder,
  EEXIST: noFolder,
  // Its parent is there: procfs and the like.
  ENOENT: ['its file system takes no folders', noFolder[1]],
  EIO: ['the disk fails', (_, key) => `see dmesg, and name a folder on another disk (${key})`],
};

/** LMDB passes on what strerror(3) says. */
const BY_TEXT: readonly (readonly [RegExp, keyof typeof BY_CODE])[] = [
  [/^No space left on device/, 'ENOSPC'],
  [/^Disk quota exceeded/, 'EDQUOT'],
  [/^Read-only file system/, 'EROFS'],
  [/^Operation not permitted|^Permission denied/, 'EACCES'],
  [/^Input\/output error/, 'EIO'],
];

/** Null: nothing that is known. `key`: the setting that names the folder. */
export function folderTrouble(error: unknown, folder: string, key: string): FolderTrouble | null {
  if (!(error instanceof Error)) return null;
  const { code } = error as NodeJS.ErrnoException;
  const byText = BY_TEXT.find(([text]) => text.test(error.message))?.[1];
  const words = BY_CODE[byText ?? ''] ?? BY_CODE[String(code)];
  return words === undefined ? null : { problem: words[0], fix: words[1](folder, key) };
}

/** `the disk is full (ENOSPC: …); make room …`; of an error that is not known its own text. */
export function troubleText(error: unknown, folder: string, key: string): string {
  const why = error instanceof Error ? error.message : String(error);
  const known = folderTrouble(error, folder, key);
  return known === null ? why : `${known.problem} (${why}); ${known.fix}`;
}

/** Where the file system of the folder, or of what there is above it, is mounted. */
function mountPointOf(folder: string): string {
  let [at, device] = [resolve(folder), deviceOf(folder)];
  for (let above = dirname(at); above !== at; above = dirname(at)) {
    const next = deviceOf(above);
    if (device !== null && next !== device) break;
    [at, device] = [above, next];
  }
  return at;
}

function deviceOf(path: string): number | null {
  try {
    return statSync(path).dev;
  } catch {
    return null;
  }
}
