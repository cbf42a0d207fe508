/** What the retained status says, and when it has to be said anew. */
import type { Status, StatusState } from '../../../protocol/status.ts';
import { explainInterval } from '../interval.ts';
import { epochOf, wholeSeconds } from './bounds.ts';
import { type Draft, patch } from './types.ts';

/** By which factor the interval may change before the retained status is renewed. */
const MAX_UNTOLD_CHANGE = 1.2;

/**
 * Whether the retained status has become misleading: another reason or network, or an interval so much longer that a
 * monitor which was away, and has only this status to go by, would give up before the next probe is due.
 */
export function isStatusStale({ state, config }: Draft): boolean {
  const { told, interval } = state;
  if (told === null) return true;
  const change = interval.intervalMs / told.intervalMs;
  // With a count of 1 any growth outlasts what a monitor that was away would wait for.
  if (change > Math.min(MAX_UNTOLD_CHANGE, config.keepalive.count) || change < 1 / MAX_UNTOLD_CHANGE)
    return true;
  if (told.network.key !== interval.network.key || told.count !== config.keepalive.count) return true;
  if (told.configurationVersion !== (config.configurationVersion ?? null)) return true;
  return told.reason !== interval.reason;
}

/** Says the status, and remembers what was told; `online` is a promise like a probe's. */
export function publishStatus(draft: Draft, state: StatusState): void {
  const status = statusOf(draft, state);
  const { reason, intervalMs, network } = draft.state.interval;
  const promisedMs = state === 'online' ? wholeSeconds(intervalMs) * 1000 : draft.state.promisedMs;
  const { count, configurationVersion } = status;
  patch(draft, { told: { reason, intervalMs, network, count, configurationVersion }, promisedMs });
  draft.effects.push({ kind: 'publishStatus', status });
}

/** The status as it would be said now. */
export function statusOf(draft: Draft, state: StatusState): Status {
  const { config, state: own } = draft;
  return {
    state,
    epoch: epochOf(draft.state),
    intervalSeconds: wholeSeconds(own.interval.intervalMs),
    count: config.keepalive.count,
    reason: explainInterval(own.interval),
    agentVersion: config.agentVersion,
    network: own.interval.network.key || null,
    groups: config.groups,
    configurationVersion: config.configurationVersion ?? null,
    counters: own.counters,
  };
}
