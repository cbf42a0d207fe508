/**
 * The part of V8's heap that new objects begin in grows to 33 MB at the first burst of work and stays there. A process
 * that makes little garbage but lives for months has no use for it: collecting a small one more often costs the same.
 */
import { setFlagsFromString } from 'node:v8';

/** Leaves the young generation at the size that it has now. */
export function keepYoungHeapSmall(): void {
  // A factor of 1 is no growth; V8 reads it whenever it would grow.
  setFlagsFromString('--semi-space-growth-factor=1');
}
