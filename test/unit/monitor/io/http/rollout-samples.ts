/** A document for the group of the small fleet, and its rollout under way. */

import { readOrder } from '../../../../../monitor/io/rollout-order.ts';
import { CONFIGURATION_TYPE, encodeDocument } from '../../../../../protocol/configuration.ts';
import { createKeyPair, type KeyPair, signCompact } from '../../../../../runtime/jws.ts';
import type { Served } from './served.ts';

/** Signed, with `change` in place of what would be right; issued at `nowMs`. */
export async function documentOf(
  nowMs: number,
  change: Partial<Parameters<typeof encodeDocument>[0]> = {},
  key?: KeyPair,
): Promise<string> {
  const issuedAt = Math.floor(nowMs / 1000);
  const document = {
    target: { kind: 'group', name: 'g' } as const,
    ...{ version: 1, issuedAt, expiresAt: issuedAt + 86_400, confirmWithinSeconds: 60 },
    ...{ settings: { keepalive_interval: '45s' }, trustedKeys: null },
    ...change,
  };
  return signCompact(encodeDocument(document), CONFIGURATION_TYPE, key ?? (await createKeyPair()));
}

/** Of the group `g`, version 1, one device and then all. */
export async function startedRollout({ rollouts, clock }: Served): Promise<{ readonly hash: string }> {
  const document = await documentOf(clock.now().wallMs);
  const read = await readOrder({ document, waves: ['1', '100%'], observeSeconds: 60 }, []);
  if (!read.ok) throw new Error(read.problem);
  const started = await rollouts.start(read.order);
  if (typeof started === 'string') throw new Error(started);
  return { hash: read.order.hash };
}
