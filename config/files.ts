/** The files that a configuration is made of or names. Reads only; each failure is a named problem. */
import { accessSync, constants, readFileSync, statSync } from 'node:fs';

export type FileText =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly problem: string; readonly fix: string };

const MAX_BYTES = 1024 * 1024;

/** Reads a text file of at most 1 MiB. Never throws. */
export function readTextFile(path: string): FileText {
  try {
    const stat = statSync(path);
    if (stat.isDirectory()) return { ok: false, problem: 'is a folder', fix: 'name a file' };
    if (stat.size > MAX_BYTES) {
      return { ok: false, problem: 'is larger than 1 MiB', fix: 'name the right file' };
    }
    return { ok: true, text: new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path)) };
  } catch (error) {
    return failure(error);
  }
}

/** Reads a secret; one line break at its end is not part of it. */
export function readSecretFile(path: string): FileText {
  const file = readTextFile(path);
  if (!file.ok) return file;
  const text = file.text.replace(/\r?\n$/, '');
  if (text === '') return { ok: false, problem: 'is empty', fix: 'write the secret into it' };
  if (/\p{Cc}/u.test(text)) {
    return { ok: false, problem: 'holds more than one line, or control characters', fix: 'keep one line' };
  }
  return { ok: true, text };
}

/** What keeps the file from being read, or null. */
export function checkReadable(path: string): { problem: string; fix: string } | null {
  try {
    if (statSync(path).isDirectory()) return { problem: 'is a folder', fix: 'name a file' };
    accessSync(path, constants.R_OK);
    return null;
  } catch (error) {
    const { problem, fix } = failure(error);
    return { problem, fix };
  }
}

function failure(error: unknown): { ok: false; problem: string; fix: string } {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return { ok: false, problem: 'does not exist', fix: 'create it, or correct the path' };
    case 'EACCES':
    case 'EPERM':
      return { ok: false, problem: 'may not be read by this user', fix: 'give read permission' };
    case 'ERR_ENCODING_INVALID_ENCODED_DATA':
      return { ok: false, problem: 'is not UTF-8 text', fix: 'save it as UTF-8' };
    default:
      return { ok: false, problem: `cannot be read (${code})`, fix: 'see that it is a readable file' };
  }
}
