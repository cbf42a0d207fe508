/**
 * One write to LMDB that may fail and leaves nothing behind when it does. A full or read-only disk must come
 * out as one failed call that can be repeated, and never as a rejection that nobody handles: that ends the process.
 */
import { setTimeout as after } from 'node:timers/promises';

/** An environment's root. */
interface Root {
  batch(work: () => void): Promise<boolean>;
}

export const OPEN = {
  noSubdir: false,
  maxDbs: 32,
  // Without overlapping sync a commit resolves after fdatasync; with it, already when others can see it.
  overlappingSync: false,
  // A batch per event turn makes a promise of its commit that nobody is given, and so nobody can handle.
  eventTurnBatching: false,
  encoding: 'string',
} as const;

/**
 * Runs `work`, which only puts and removes and does not throw, in one transaction. Resolves once it is durable; throws what kept it
 * from that, and then none of it is written.
 */
export async function writeBatch(root: Root, work: () => void): Promise<void> {
  try {
    await root.batch(work);
  } catch (error) {
    throw await causeOf(error);
  }
}

/** For the reason of a failure, which comes a little after it. */
const REASON_MS = 100;

/** lmdb rejects with "see commitError", a promise that may be rejected later or never. */
async function causeOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error && 'commitError' in error)) return error;
  const cause = Promise.resolve(error.commitError).then(
    () => error,
    (reason: unknown) => reason,
  );
  return Promise.race([cause, after(REASON_MS, error)]);
}
