/** A document as an operator hands it in: read, and where keys are configured its signature checked. */
import { createHash } from 'node:crypto';
import {
  CONFIGURATION_TYPE,
  MAX_CONFIGURATION_BYTES,
  parseCompact,
  parseDocument,
} from '../../protocol/configuration.ts';
import { verifyCompact } from '../../runtime/jws.ts';
import type { Order } from '../policy/rollout/rollout.ts';
import { readWaves } from '../policy/rollout/waves.ts';

export interface OrderText {
  readonly document: string;
  readonly waves: readonly string[];
  readonly observeSeconds: number;
}

export type ReadOrder =
  | { readonly ok: true; readonly order: Order }
  | {
      readonly ok: false;
      readonly field: string;
      readonly value: string;
      readonly allowed: string;
      readonly problem: string;
    };

/** Never throws. */
export async function readOrder(
  { document: text, waves, observeSeconds }: OrderText,
  trustedKeys: readonly string[],
): Promise<ReadOrder> {
  const refuse = (problem: string, allowed = 'what keepalivehd fleet push signs'): ReadOrder => {
    return { ok: false, field: 'document', value: text, allowed, problem: `it is refused: ${problem}` };
  };
  if (text.length > MAX_CONFIGURATION_BYTES)
    return refuse(`it is longer than ${MAX_CONFIGURATION_BYTES} bytes`);
  const parts = parseCompact(text);
  if (parts === null) return refuse('it is no JWS in compact form');
  if (trustedKeys.length > 0) {
    const verified = await verifyCompact(text, CONFIGURATION_TYPE, trustedKeys);
    if (!verified.ok) {
      const allowed =
        'a key (--key) that fleet.trusted_keys of the monitor names, or add its public part there';
      return refuse(`${verified.refusal} (fleet.trusted_keys of the monitor)`, allowed);
    }
  }
  const parsed = parseDocument(parts.payload);
  if (!parsed.ok) return refuse(parsed.detail);
  const { target, version, expiresAt, confirmWithinSeconds } = parsed.document;
  // A single device has no waves, whatever was asked for.
  const read = readWaves(target.kind === 'device' ? ['100%'] : waves);
  if (!read.ok) {
    const { value, problem } = read;
    return {
      ok: false,
      field: 'waves',
      value,
      allowed: 'for example 1, 5%, 25%, 100%',
      problem: `"${value}": ${problem}`,
    };
  }
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 16);
  const terms = { expiresAtMs: expiresAt * 1000, confirmWithinSeconds, waves: read.waves, observeSeconds };
  return { ok: true, order: { target, version, hash, document: text, ...terms } };
}
