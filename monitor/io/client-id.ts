/** The monitor's name at the broker: chosen once per data folder, so that a restart takes its own session over. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../../runtime/atomic-file.ts';

const PREFIX = 'keepalivehd-monitor-';

/** Reads the name kept in `folder`, or chooses one. A damaged one is replaced: nothing hangs on it. */
export function stableClientId(folder: string): string {
  const path = join(folder, 'client-id');
  try {
    const kept = readFileSync(path, 'utf8').trim();
    if (/^[0-9a-f]{12}$/.test(kept)) return PREFIX + kept;
  } catch {
    // Not there yet.
  }
  const chosen = randomBytes(6).toString('hex');
  writeFileAtomic(path, `${chosen}\n`);
  return PREFIX + chosen;
}
