/**
 * What the agent tells the service manager (sd_notify(3)), and when: that it is ready, what it is doing, and, at the
 * end of a step, by when the next one is promised. A hung loop, a stuck timer or an answer that never comes breaks
 * the promise, and systemd restarts the agent; a day without a network breaks none.
 */
import { failureText } from '../../runtime/connect-failure.ts';
import { explainInterval } from './interval.ts';
import type { KeepaliveConfig, KeepaliveState } from './keepalive/types.ts';

export interface NoticeState {
  readonly ready: boolean;
  /** The line last told. */
  readonly status: string;
  /** By when the service manager was told to expect the next notice, on the policy's clock; null: never told. */
  readonly promisedBy: number | null;
}

export const NOTHING_TOLD: NoticeState = { ready: false, status: '', promisedBy: null };

export interface NoticeStep {
  readonly state: NoticeState;
  /** The datagram; null: nothing that is worth one. */
  readonly text: string | null;
}

/** What came over the network may be long. */
const MAX_WHY = 240;
/** A step that comes with this part of the patience to spare is covered by what was told before: no datagram. */
const PATIENCE_TO_SPARE = 0.5;

/**
 * After each step of the agent's mind. `wakeAt`: what that step asked for. `watchdogMs`: `WatchdogSec=`, here the
 * patience beyond a promise; null: no watchdog. The promise is stretched with the interval, so that the watchdog
 * never wakes the device: one notice a probe. `remark`: what else is under way.
 */
export function noticeStep(
  told: NoticeState,
  mind: KeepaliveState,
  wakeAt: number | null,
  now: number,
  config: KeepaliveConfig,
  watchdogMs: number | null,
  remark: string | null = null,
): NoticeStep {
  const lines: string[] = [];
  // Leaving is bounded, and announced by `STOPPING`.
  if (mind.phase !== 'running') return { state: told, text: null };
  if (!told.ready) lines.push('READY=1');
  const status = remark === null ? statusLine(mind) : `${oneLine(remark)}; ${statusLine(mind)}`;
  if (status !== told.status) lines.push(`STATUS=${status}`);
  let { promisedBy } = told;
  if (watchdogMs !== null) {
    // Without a wish to be woken the mind waits for a connection attempt, which is bounded too.
    const nextStepAt = wakeAt ?? now + config.connectTimeoutSeconds * 1000;
    const by = Math.max(nextStepAt, now) + watchdogMs;
    if (promisedBy === null || by - promisedBy > watchdogMs * PATIENCE_TO_SPARE) {
      promisedBy = by;
      // Setting the time starts it anew; on managers that ignore it, the notice itself does.
      lines.push('WATCHDOG=1', `WATCHDOG_USEC=${Math.ceil((by - now) * 1000)}`);
    }
  }
  if (lines.length === 0) return { state: told, text: null };
  return {
    state: { ready: true, status, promisedBy },
    text: lines.join('\n'),
  };
}

/** Before the goodbye. */
export const STOPPING = 'STOPPING=1\nSTATUS=saying goodbye';

/** One line for `systemctl status`. It counts nothing: a day offline must not mean a notice a retry. */
function statusLine({ reconnect, interval, rival, lastFailure }: KeepaliveState): string {
  if (rival.known) {
    const now = reconnect.phase === 'up' ? 'connected for now' : 'tries again, ever more rarely';
    return `another client uses this device's name and both throw each other out, see device.name; ${now}`;
  }
  const seconds = Math.round(interval.intervalMs / 1000);
  if (reconnect.phase === 'up') {
    return `connected; a probe every ${seconds} s (${oneLine(explainInterval(interval))})`;
  }
  if (reconnect.failures === 0) return 'connecting';
  const why = lastFailure === null ? '' : ` (${oneLine(failureText(lastFailure)).slice(0, MAX_WHY)})`;
  return `not connected${why}; tries again, ever more rarely`;
}

/** A line feed would begin another assignment. */
function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}
