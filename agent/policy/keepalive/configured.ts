/** Other settings while the agent runs: what was learned stays, and only what has to starts anew. */
import { intervalConfigured } from '../interval-configured.ts';
import { scheduleStep } from '../probe-schedule.ts';
import { initialVersion } from '../protocol-version.ts';
import { INITIAL_RECONNECT } from '../reconnect.ts';
import { INITIAL_VERDICT } from '../verdict.ts';
import { adoptInterval } from './learning.ts';
import { settleInterval } from './link.ts';
import { want } from './probing.ts';
import { onStarted } from './reconnecting.ts';
import { type Draft, patch, say } from './types.ts';

/**
 * `draft.config` is new. Without a new link the connection goes on: a shorter interval counts at once, a longer one
 * from the next probe on.
 */
export function onConfigured(draft: Draft, link: 'kept' | 'replaced'): void {
  patch(draft, { interval: intervalConfigured(draft.state.interval, draft.config) });
  if (link === 'replaced') connectAnew(draft);
  else if (draft.state.reconnect.phase === 'up') settleInterval(draft);
  else adoptInterval(draft);
}

/** The old connection is gone on purpose: that is no lapse, and what was measured on it may not hold for the next. */
function connectAnew(draft: Draft): void {
  const { state, now, config } = draft;
  adoptInterval(draft);
  patch(draft, {
    linkEnd: null,
    inFlight: [],
    wanted: null,
    beside: null,
    toldVitals: null,
    schedule: scheduleStep(draft.state.schedule, { kind: 'linkEnded' }, now).state,
    verdict: INITIAL_VERDICT,
    reconnect: INITIAL_RECONNECT,
    version: initialVersion(config.protocol),
    connecting: { ...state.connecting, startedAt: null },
  });
  say(draft, 'info', 'linkReplaced', 'connecting anew with other settings');
  onStarted(draft);
}

/** Settings are on trial, and wait for an answer. */
export function onProbeWanted(draft: Draft): void {
  if (draft.state.verdict.unanswered === null) want(draft, 'settings-tried');
}
