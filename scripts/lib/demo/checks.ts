/** What each step demands, over what was seen. Each returns what is still missing, or null. Pure. */
import type { Chronicle, DeviceHistory } from './chronicle.ts';
import type { TransitionRow } from './devices-api.ts';
import type { Delivery } from './webhook-receiver.ts';

/** A device learned when this many probes got through after a drop, below what its path forgets. */
const SAFE_PROBES_TO_LEARN = 3;

const names = (histories: readonly DeviceHistory[]): string =>
  histories.map(({ sight }) => sight.device).join(', ');

/** Every device is alive and was heard after `sinceMs`. */
export function missingAlive(
  chronicle: Chronicle,
  devices: readonly string[],
  sinceMs: number,
): string | null {
  const silent = devices.filter((device) => {
    const row = chronicle.get(device)?.sight.row ?? null;
    return row === null || row.state !== 'alive' || (row.lastHeardMs ?? 0) < sinceMs;
  });
  return silent.length === 0 ? null : `not heard alive: ${silent.join(', ')}`;
}

/** Whether a device met what its path forgets and has kept below it since. */
export function hasLearned(history: DeviceHistory): boolean {
  return history.drops > 0 && history.isBack && history.safeProbes >= SAFE_PROBES_TO_LEARN;
}

/** Every interval grew, `atLeast` devices learned, and none that met its limit is still above it. */
export function missingAdapted(
  chronicle: Chronicle,
  baseSeconds: ReadonlyMap<string, number>,
  atLeast: number,
): string | null {
  const all = [...chronicle.values()];
  const same = all.filter(
    ({ sight, longestIntervalSeconds }) => longestIntervalSeconds <= (baseSeconds.get(sight.device) ?? 0),
  );
  if (same.length > 0) return `the interval has not grown: ${names(same)}`;
  const learned = all.filter(hasLearned);
  if (learned.length < atLeast) {
    return `${atLeast} devices must have learned what their path forgets; so far: ${names(learned) || 'none'}`;
  }
  const learning = all.filter((history) => history.drops > 0 && !hasLearned(history));
  return learning.length === 0 ? null : `not yet safely below what the path forgets: ${names(learning)}`;
}

export interface Detection {
  /** The last byte of the device that its path let through. */
  readonly heardMs: number;
  /** When the monitor says that it became dead, and when that was seen from outside. */
  readonly flaggedMs: number;
  readonly seenMs: number;
  /** As last promised. */
  readonly timeoutSeconds: number;
  readonly graceSeconds: number;
  readonly slackSeconds: number;
}

/** No earlier than `keepalive_timeout`, no later than that plus grace and slack; what is wrong, or null. */
export function wrongDetection(detection: Detection): string | null {
  const { heardMs, flaggedMs, seenMs, timeoutSeconds, graceSeconds, slackSeconds } = detection;
  const afterSeconds = (flaggedMs - heardMs) / 1000;
  const latest = timeoutSeconds + graceSeconds + slackSeconds;
  if (afterSeconds < timeoutSeconds) {
    return `flagged ${afterSeconds.toFixed(2)} s after it was heard, before its keepalive_timeout of ${timeoutSeconds} s`;
  }
  if (afterSeconds > latest) {
    return `flagged ${afterSeconds.toFixed(2)} s after it was heard; at most ${latest} s are allowed`;
  }
  if (seenMs < flaggedMs || seenMs - flaggedMs > 1000) {
    return `the monitor dates the flag ${((seenMs - flaggedMs) / 1000).toFixed(2)} s before it could be seen`;
  }
  return null;
}

/** Deliveries of one event about one device since `sinceMs`. */
export function deliveriesOf(
  deliveries: readonly Delivery[],
  event: Delivery['event'],
  device: string,
  sinceMs: number,
): readonly Delivery[] {
  return deliveries.filter((one) => one.event === event && one.device === device && one.atMs >= sinceMs);
}

/** The transitions of a device to `dead` since `sinceMs`. */
export function deathsSince(transitions: readonly TransitionRow[], sinceMs: number): number {
  return transitions.filter(({ to, atMs }) => to === 'dead' && atMs >= sinceMs).length;
}
