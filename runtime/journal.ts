/** Whether what is written goes to systemd's journal, and how it is told the level of a line (sd-daemon(3)). */
import { fstatSync } from 'node:fs';
import type { LogLevel } from './log.ts';

/** The journal takes this off again: `journalctl --priority=warning` then finds the line. */
const PREFIXES: Readonly<Record<LogLevel, string>> = { error: '<3>', warn: '<4>', info: '<6>', debug: '<7>' };

/** What stands before each line of `level`; empty where no journal reads. */
export type LevelPrefix = (level: LogLevel) => string;

export const NO_PREFIX: LevelPrefix = () => '';

/**
 * systemd.exec(5): `JOURNAL_STREAM` names the device and inode of the stream, so that output which was sent elsewhere
 * afterwards is not taken for it.
 */
export function levelPrefix(descriptor: number, env: NodeJS.ProcessEnv = process.env): LevelPrefix {
  const { JOURNAL_STREAM: stream } = env;
  if (stream === undefined) return NO_PREFIX;
  try {
    const { dev, ino } = fstatSync(descriptor, { bigint: true });
    return stream === `${dev}:${ino}` ? (level) => PREFIXES[level] : NO_PREFIX;
  } catch {
    return NO_PREFIX;
  }
}
