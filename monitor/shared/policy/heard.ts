/** What waits of one device to be judged, and what a newer sign of it makes moot. Pure. */
import type { Status } from '../../../protocol/status.ts';

/** When something was heard: attentive and wall-clock ms of it, and monotonic ms of what holds time back for it. */
export interface HeardAt {
  readonly monotonicMs: number;
  readonly attentiveMs: number;
  readonly wallMs: number;
}

export type Heard =
  | {
      readonly kind: 'probe';
      readonly device: string;
      readonly promisedSeconds: number;
      readonly at: HeardAt;
    }
  | {
      readonly kind: 'status';
      readonly device: string;
      readonly status: Status;
      readonly retained: boolean;
      readonly at: HeardAt;
    };

/**
 * What waits of a device after `heard` came. A status makes moot the same one said before, and an `online` all that
 * was said of older sessions; a probe the probe right before it. Time is held back for the oldest all the same.
 */
export function afterHearing(waiting: readonly Heard[], heard: Heard): readonly Heard[] {
  let monotonicMs = heard.at.monotonicMs;
  const kept = waiting.filter((older, at) => {
    if (!isMoot(older, heard, at === waiting.length - 1)) return true;
    monotonicMs = Math.min(monotonicMs, older.at.monotonicMs);
    return false;
  });
  return [...kept, { ...heard, at: { ...heard.at, monotonicMs } }];
}

function isMoot(older: Heard, newer: Heard, isNext: boolean): boolean {
  if (newer.kind === 'probe') return older.kind === 'probe' && isNext;
  if (older.kind === 'probe') return false;
  // A retained one proves no sign of life, so it must not stand for a live one.
  if (newer.retained && !older.retained) return false;
  const { state, epoch } = newer.status;
  if (state === 'online' && older.status.epoch < epoch) return true;
  return older.status.state === state && older.status.epoch <= epoch;
}
