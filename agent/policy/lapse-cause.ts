/**
 * Why did the link end? The end alone rarely tells; what the next connect meets does. A path that forgot the
 * connection takes a fresh one at once, an outage does not.
 */
import type { ConnectFailure, ConnectFailureKind } from '../../runtime/connect-failure.ts';
import type { CloseCause } from '../../runtime/mqtt-session.ts';

export type LapseCause =
  /** A NAT, firewall or balancer dropped the idle connection's state. */
  | 'path-forgot'
  /** No network, or no way to the broker. */
  | 'link-lost'
  /** The network works; the broker's port does not answer, or it is overloaded. */
  | 'broker-gone'
  /** The broker ended the session itself. */
  | 'broker-closed';

/** How a link ended, before the cause is known. */
export interface LinkEnd {
  readonly how: 'unanswered' | 'address-gone' | CloseCause;
  /** Silence on the connection before its end showed, in ms. */
  readonly silenceMs: number;
  /** A probe was on its way: the end is the answer to it. */
  readonly probing: boolean;
}

/** What the first connect after the end met. */
export type FirstConnect = { readonly up: true } | { readonly up: false; readonly failure: ConnectFailure };

/** Names the cause. */
export function lapseCause(end: LinkEnd, next: FirstConnect): LapseCause {
  if (end.how === 'broker-disconnect' || end.how === 'taken-over') return 'broker-closed';
  if (end.how === 'address-gone') return 'link-lost';
  if (!next.up) return causeOfFailure(next.failure);
  // A reset or no answer to a probe after silence, on a network that works: the state in between is gone. Any
  // other end comes from the far side: a broker that went down, or a proxy that closed.
  return end.probing && end.how !== 'peer-closed' ? 'path-forgot' : 'broker-closed';
}

/** Failures that only a network which works can bring. */
const BROKER_ANSWERS: ReadonlySet<ConnectFailureKind> = new Set([
  'port-closed',
  'unavailable',
  'refused',
  'no-answer',
  'protocol-version',
]);

function causeOfFailure(failure: ConnectFailure): LapseCause {
  return BROKER_ANSWERS.has(failure.kind) ? 'broker-gone' : 'link-lost';
}
