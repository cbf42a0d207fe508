/** Carries out when to connect again: the policy's step, and the connect that it asks for. */
import { type ReconnectEvent, type ReconnectStep, reconnectStep } from '../reconnect.ts';
import { dropBeside } from './beside.ts';
import { connectTimeoutMs, keepAliveCeilingSeconds } from './bounds.ts';
import { asksAbout } from './rival.ts';
import { statusOf } from './status.ts';
import { type Draft, patch, say } from './types.ts';

/** The first connect of a start. */
export function onStarted(draft: Draft): void {
  follow(draft, reconnect(draft, { kind: 'started' }));
}

/** Takes a fact in; `follow` does what the step asks for. */
export function reconnect(draft: Draft, event: ReconnectEvent): ReconnectStep {
  const { config, now, random, state } = draft;
  const patienceMs = patience(draft);
  const step = reconnectStep(state.reconnect, event, now, { ...config.reconnect, patienceMs }, random);
  patch(draft, { reconnect: step.state });
  return step;
}

/** How long the monitor waits for this device, in ms: as promised last. */
function patience({ state, config }: Draft): number {
  return state.promisedMs * config.keepalive.count;
}

/** Time passed without a link. */
export function onRetryTime(draft: Draft): void {
  follow(draft, reconnect(draft, { kind: 'timePassed' }));
}

/** A way out has appeared: a long backoff need not be waited for. */
export function retrySoon(draft: Draft): void {
  reconnect(draft, { kind: 'pathAppeared' });
}

/** Connects where the step says so. */
export function follow(draft: Draft, step: ReconnectStep): void {
  if (!step.connect) return;
  const { config } = draft;
  const beside = draft.state.beside === 'up';
  // A SYN that still waits for its next repetition would be slower than a fresh one.
  if (!beside) dropBeside(draft, 'a fresh connection is quicker');
  // One that is up already says nothing of how long a whole connect takes.
  const connecting = { ...draft.state.connecting, startedAt: beside ? null : draft.now };
  patch(draft, { beside: null, sessions: draft.state.sessions + 1, connecting });
  draft.effects.push({
    kind: 'connect',
    version: draft.state.version.version,
    keepAliveSeconds: keepAliveCeilingSeconds(config),
    timeoutMs: connectTimeoutMs(config, patience(draft)),
    will: statusOf(draft, 'offline'),
    beside,
    asksStatus: asksAbout(draft.state),
  });
  say(draft, 'debug', 'connecting', 'connecting', {
    reason: step.reason,
    protocol: draft.state.version.version,
    failures: draft.state.reconnect.failures,
  });
}
