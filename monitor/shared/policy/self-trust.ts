/**
 * Why a replica does not trust itself, or the others. Nothing is declared dead for these reasons: the partition's
 * time stands still by itself. Here they are named, for `/readyz`, the metrics and the log. Pure.
 */

import type { DoubtReason } from '../../policy/attentive-clock.ts';

/** A tick that is not answered for so long is no mere delay. */
export const STORE_SILENT_MS = 2000;
/** Time that is further behind than this stands still for somebody. */
export const TIME_BEHIND_MS = 3000;
/**
 * Of its lease, how much a replica that cannot write may use up before it leaves the broker: what it is sent would be
 * lost, and who is expelled while it still listens would swallow the probes of the living.
 */
export const ISOLATED_SHARE = 0.6;

export interface PartitionTrust {
  /** Monotonic ms of the last answer; null: none yet. */
  readonly answeredMs: number | null;
  readonly lagMs: number;
  readonly isMember: boolean;
}

export function sharedDoubts(
  isLinked: boolean,
  partitions: readonly PartitionTrust[],
  nowMs: number,
): readonly DoubtReason[] {
  const doubts: DoubtReason[] = [];
  const isSilent = ({ answeredMs }: PartitionTrust): boolean =>
    answeredMs === null || nowMs - answeredMs > STORE_SILENT_MS;
  if (!isLinked) doubts.push('link-lost');
  if (partitions.some(isSilent)) doubts.push('store-failing');
  if (isLinked && doubts.length === 0) {
    if (partitions.some(({ isMember }) => !isMember)) doubts.push('starting');
    else if (partitions.some(({ lagMs }) => lagMs > TIME_BEHIND_MS)) doubts.push('replica-silent');
  }
  return doubts;
}

/** Whether a replica must leave the broker, because some partition has not answered it for too long. */
export function isIsolated(partitions: readonly PartitionTrust[], nowMs: number, leaseMs: number): boolean {
  return partitions.some(
    ({ answeredMs }) => answeredMs === null || nowMs - answeredMs > leaseMs * ISOLATED_SHARE,
  );
}
