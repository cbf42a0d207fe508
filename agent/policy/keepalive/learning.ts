/** What is learned beyond this connection: kept on flash, seldom, and taken from others. */
import type { IdleTimeoutRange } from '../../../protocol/network-knowledge.ts';
import type { FleetSummary } from '../idle-timeout-prior.ts';
import { summarizeBelief } from '../idle-timeout-saved.ts';
import { explainInterval, type IntervalState, intervalStep, safeSilenceMs } from '../interval.ts';
import { saveLink } from '../link-saved.ts';
import { scheduleStep } from '../probe-schedule.ts';
import { epochOf, longestPromiseMs } from './bounds.ts';
import { type Draft, type KeepaliveState, patch, say } from './types.ts';

/** Answers refine a belief a little at a time; flash is spared for so long. Drops are saved at once. */
const SAVE_EVERY_MS = 6 * 3_600_000;
/** What was learned is refined for a while; the fleet is told of it at most so often. */
const REPORT_EVERY_MS = 3_600_000;
/** The monitor forgets a vote that is never renewed. */
const RENEW_EVERY_MS = 7 * 86_400_000;
/** How near to the end that it states a device must have been itself. */
const OWN_SHARE = 0.9;
/** Times that differ by less are the same news. */
const SAME_SHARE = 0.05;

/** Before anything was told of a network. */
export const NOTHING_REPORTED: KeepaliveState['reported'] = { summary: null, at: null };

/** Saves the belief unless flash has it already. */
export function saveBelief(draft: Draft): void {
  const { interval, saved } = draft.state;
  const { learner, network } = interval;
  if (network.key === '' || learner.unknown || saved.belief === learner.belief) return;
  const { belief } = learner;
  draft.effects.push({ kind: 'saveBelief', key: network.key, belief, link: saveLink(learner) });
  patch(draft, { saved: { belief: learner.belief, at: draft.now } });
}

/** Saves what answers have taught, when the last time is long ago. */
export function saveBeliefSometimes(draft: Draft): void {
  if (draft.now - draft.state.saved.at >= SAVE_EVERY_MS) saveBelief(draft);
}

/** Tells the schedule what the interval policy chose. */
export function adoptInterval(draft: Draft): void {
  const { interval, schedule } = draft.state;
  const chosen = {
    kind: 'intervalChosen',
    intervalMs: interval.intervalMs,
    safeSilenceMs: safeSilenceMs(interval),
  } as const;
  patch(draft, { schedule: scheduleStep(schedule, chosen, draft.now).state });
}

/** Tells the fleet what was learned here, when that has changed enough; the radio is awake for a probe anyway. */
export function reportNetwork(draft: Draft): void {
  const { interval, reported } = draft.state;
  const { learner, network } = interval;
  if (network.key === '' || learner.unknown || draft.config.keepalive.adaptive === false) return;
  if (reported.at !== null && draft.now - reported.at < REPORT_EVERY_MS) return;
  const found = summarizeBelief(learner.belief, longestPromiseMs(draft.config, learner.policy) / 1000);
  const summary = found === null || !isOwn(found, interval.seen) ? null : rangeOf(found);
  const isOld = reported.at !== null && draft.now - reported.at >= RENEW_EVERY_MS;
  if (isSameRange(summary, reported.summary) && !(isOld && summary !== null)) return;
  const report = { network: network.key, epoch: epochOf(draft.state), summary };
  draft.effects.push({ kind: 'reportNetwork', report });
  patch(draft, { reported: { summary, at: draft.now } });
}

/** What the fleet said must not come back to it as another vote: only what own probes have shown counts. */
function isOwn(found: FleetSummary, seen: IntervalState['seen']): boolean {
  const lasted = seen.answeredSeconds >= OWN_SHARE * found.survivesSeconds;
  return lasted && (found.forgetsSeconds === null || seen.drops > 0);
}

function rangeOf({ survivesSeconds, forgetsSeconds }: FleetSummary): IdleTimeoutRange {
  return { survivesSeconds, forgetsSeconds };
}

function isSameRange(one: IdleTimeoutRange | null, other: IdleTimeoutRange | null): boolean {
  if (one === null || other === null) return one === other;
  return (
    isSameTime(one.survivesSeconds, other.survivesSeconds) &&
    isSameTime(one.forgetsSeconds, other.forgetsSeconds)
  );
}

function isSameTime(one: number | null, other: number | null): boolean {
  if (one === null || other === null) return one === other;
  return Math.abs(one - other) <= SAME_SHARE * Math.max(one, other);
}

/** What other devices found on this network. */
export function onFleetKnowledge(draft: Draft, key: string, summary: FleetSummary): void {
  const told = { kind: 'fleetKnowledgeTold', key, summary } as const;
  const interval = intervalStep(draft.state.interval, told, draft.config);
  if (interval.learner.belief === draft.state.interval.learner.belief) return;
  patch(draft, { interval });
  adoptInterval(draft);
  say(draft, 'info', 'fleetKnowledgeTold', 'others know this network', {
    network: key,
    survivesSeconds: summary.survivesSeconds,
    forgetsSeconds: summary.forgetsSeconds,
    devices: summary.devices,
    intervalSeconds: interval.intervalMs / 1000,
    why: explainInterval(interval),
  });
}
