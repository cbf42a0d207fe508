/** What keeps the store from its folder, in words. */
import { CodedError } from '../../runtime/coded-error.ts';

const BY_CODE: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'is on a file system that is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk is full',
  ENOTDIR: 'is not a folder',
  EEXIST: 'is not a folder',
  // Its parent is there: procfs and the like.
  ENOENT: 'its file system takes no folders',
  EIO: 'the disk fails',
};

/** LMDB passes on what strerror(3) says. */
const BY_TEXT: readonly (readonly [RegExp, keyof typeof BY_CODE])[] = [
  [/^No space left on device|^Disk quota exceeded/, 'ENOSPC'],
  [/^Read-only file system/, 'EROFS'],
  [/^Operation not permitted|^Permission denied/, 'EACCES'],
  [/^Input\/output error/, 'EIO'],
];

/** Null: nothing that is known. */
export function folderTrouble(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const { code } = error as NodeJS.ErrnoException;
  const byText = BY_TEXT.find(([text]) => text.test(error.message))?.[1];
  return BY_CODE[byText ?? ''] ?? BY_CODE[String(code)] ?? null;
}

/** `STORE_UNUSABLE`: nothing is lost by it, and a later start may find the disk well. */
export function storeUnusable(folder: string, cause: unknown): CodedError {
  const why = cause instanceof Error ? cause.message : String(cause);
  const words = folderTrouble(cause);
  const said = words === null ? why : `${words} (${why})`;
  return new CodedError('STORE_UNUSABLE', `data_directory ${folder} cannot be used: ${said}`, { cause });
}
