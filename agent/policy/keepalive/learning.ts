/** What is learned beyond this connection: kept on flash, seldom, and taken from others. */
import type { FleetSummary } from '../idle-timeout-prior.ts';
import { intervalStep, safeSilenceMs } from '../interval.ts';
import { scheduleStep } from '../probe-schedule.ts';
import { type Draft, patch, say } from './types.ts';

/** Answers refine a belief a little at a time; flash is spared for so long. Drops are saved at once. */
const SAVE_EVERY_MS = 6 * 3_600_000;

/** Saves the belief unless flash has it already. */
export function saveBelief(draft: Draft): void {
  const { interval, saved } = draft.state;
  const { learner, network } = interval;
  if (network.key === '' || learner.unknown || saved.belief === learner.belief) return;
  draft.effects.push({ kind: 'saveBelief', key: network.key, belief: learner.belief });
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
  });
}
