/** Writing below `state_directory`: a disk that is full or read-only costs what is learned, never the connection. */
import { dirname } from 'node:path';
import { writeFileAtomic } from '../../runtime/atomic-file.ts';
import { troubleText } from '../../runtime/folder-trouble.ts';
import type { Log } from '../../runtime/log.ts';

/** Logs that were told, with the error's code: an agent's files share its log, and often the trouble. */
const told = new WeakMap<Log, string>();

/** Writes it whole, durably. A failure is told once, at `warn`, until something can be written again. */
export function writeState(path: string, content: string, log: Log): void {
  try {
    writeFileAtomic(path, content);
  } catch (error) {
    notWritten(path, error, log);
    return;
  }
  if (!told.delete(log)) return;
  log.write('info', 'stateWritten', 'state_directory can be written again', { path });
}

/** The same for what else is done to a file there. */
export function notWritten(path: string, error: unknown, log: Log): void {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  const level = told.get(log) === code ? 'debug' : 'warn';
  told.set(log, code);
  const message = `state_directory cannot be written: ${stateTrouble(path, error)}; until then the agent goes on, and forgets at its end what it learns`;
  log.write(level, 'stateNotWritten', message, { path });
}

export function stateTrouble(path: string, error: unknown): string {
  return troubleText(error, dirname(path), 'state_directory');
}
