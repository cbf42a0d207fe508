/** What happens around the link: the device slept, or its addresses and routes have changed. */
import { endLink } from './link.ts';
import { want } from './probing.ts';
import { onRetryTime, retrySoon } from './reconnecting.ts';
import { type Draft, type KeepaliveEvent, say } from './types.ts';

/**
 * After a sleep nobody knows whether the path is still there, and the timer of the next probe stood still meanwhile. A
 * device that dozes off every few seconds is not to be woken for it: only a silence worth a probe counts.
 */
export function onResumed(draft: Draft, asleepMs: number): void {
  const { state, config, now } = draft;
  say(draft, 'debug', 'resumed', 'the device has slept', { asleepMs: Math.round(asleepMs) });
  if (state.reconnect.phase !== 'up') {
    onRetryTime(draft);
    return;
  }
  const isSilent = now - state.lastPacketAt >= config.keepalive.minIntervalSeconds * 1000;
  if (isSilent && state.verdict.unanswered === null) want(draft, 'resumed');
}

/** A connection whose address is gone cannot answer any more; one whose route has moved may not. */
export function onAddressesChanged(
  draft: Draft,
  { local, route }: Extract<KeepaliveEvent, { kind: 'addressesChanged' }>,
): void {
  const { phase, retryAt } = draft.state.reconnect;
  say(draft, 'debug', 'addressesChanged', 'addresses or routes have changed', { local, route });
  // No way out: a cable that is plugged in again finds the connection as it was.
  if (route === 'none') return;
  if (phase === 'down') {
    if (retryAt !== null) retrySoon(draft);
    return;
  }
  if (phase !== 'up') return;
  if (local === 'gone') {
    const { inFlight, lastPacketAt } = draft.state;
    const silenceMs = inFlight[0]?.silenceMs ?? draft.now - lastPacketAt;
    draft.effects.push({ kind: 'closeLink', how: 'abandon' });
    endLink(draft, { how: 'address-gone', silenceMs, probing: false }, 'its address is gone', true);
  } else if (route === 'moved' && draft.state.verdict.unanswered === null) {
    want(draft, 'route-changed');
  }
}
