/** A file of the service's own that must not fill its memory, nor hold it up, whatever has become of it on the disk. */
import { readFileSync, statSync } from 'node:fs';
import { CodedError } from './coded-error.ts';

/** Reads text of at most `maxBytes`. Throws what the file system says, or `NOT_A_SMALL_FILE`. */
export function readSmallFile(path: string, maxBytes: number): string {
  const stat = statSync(path);
  // A pipe would never end; of a folder the file system has its own words.
  if (!stat.isFile() && !stat.isDirectory()) throw new CodedError('NOT_A_SMALL_FILE', `${path} is no file`);
  if (stat.isFile() && stat.size > maxBytes) {
    throw new CodedError(
      'NOT_A_SMALL_FILE',
      `${path} has ${stat.size} bytes; at most ${maxBytes} make sense`,
    );
  }
  return readFileSync(path, 'utf8');
}
