/**
 * Make before break: a second connection is opened beside a link that seems dead, so that losing the link costs one
 * handshake and not the rest of the verdict. It stops short of CONNECT, which would end the link's session at the
 * broker (MQTT 5 section 3.1.4, [MQTT-3.1.4-3]): an outage that is over must leave the link as it was.
 */
import { type Draft, type PathState, patch, say } from './types.ts';

/**
 * RFC 6298 (2.1): a SYN is repeated after 1 s. An answer that took as long came to a repetition: the whole path was
 * down and is only just back, so the old connection gets its chance. Answered sooner, the path is fine, and
 * what stays unacknowledged on the old connection is lost for good.
 */
const SYN_REPEATED_MS = 1000;

/** The kernel is asked at an overdue answer: data that it has sent again in vain is more than a slow broker. */
export function openBeside(draft: Draft, path: PathState | null): void {
  const { state, config, now } = draft;
  const { upSince } = state.reconnect;
  if (path === null || state.beside !== null) return;
  if (path.unackedSegments === 0 || path.retransmits === 0) return;
  // After a link that did not last, reconnecting waits in any case.
  if (upSince === null || now - upSince < config.reconnect.stableAfterSeconds * 1000) return;
  patch(draft, { beside: 'opening' });
  draft.effects.push({ kind: 'connectBeside' });
  say(draft, 'debug', 'besideOpened', 'nothing comes through: a second connection is tried beside this one', {
    unackedSegments: path.unackedSegments,
    retransmits: path.retransmits,
  });
}

/** Whether a connection that came up beside the link shows that the link is dead. */
export function provesDeath(draft: Draft, tcpMs: number): boolean {
  if (draft.state.beside !== 'opening') return false;
  patch(draft, { beside: 'up' });
  const proves = draft.state.verdict.unanswered !== null && tcpMs < SYN_REPEATED_MS;
  say(draft, 'debug', 'besideUp', 'the second connection is up', {
    tcpMs: Math.round(tcpMs),
    proves: proves ? 'link-dead' : 'path-was-down',
  });
  return proves;
}

/** No connection beside the link either; the verdict goes on, and its next repeat may try again. */
export function onBesideFailed(draft: Draft, detail: string): void {
  if (draft.state.beside === null) return;
  patch(draft, { beside: null });
  say(draft, 'debug', 'besideFailed', `no second connection: ${detail}`);
}

/** The link needs no replacement, or not this one. */
export function dropBeside(draft: Draft, why: string): void {
  if (draft.state.beside === null) return;
  patch(draft, { beside: null });
  draft.effects.push({ kind: 'dropBeside' });
  say(draft, 'debug', 'besideDropped', `the second connection is dropped: ${why}`);
}
