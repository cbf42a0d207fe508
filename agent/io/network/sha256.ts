/** The hash that network keys are made with. */
import { createHash } from 'node:crypto';

/** SHA-256 of the text in UTF-8: 32 bytes. */
export function sha256(text: string): Uint8Array {
  return createHash('sha256').update(text, 'utf8').digest();
}
