/**
 * Why did the link end? The end alone rarely tells; what the next connect meets does. A path that forgot the
 * connection takes a fresh one at once, an outage does not.
 */
import type { ConnectFailure } from '../../runtime/connect-failure.ts';
import type { CloseCause } from '../../runtime/mqtt-client.ts';

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
  readonly how: 'unanswered' | CloseCause;
  /** Silence on the connection before its end showed, in ms. */
  readonly silenceMs: number;
}

/** What the first connect after the end met. */
export type FirstConnect = { readonly up: true } | { readonly up: false; readonly failure: ConnectFailure };

/** Names the cause. */
export function lapseCause(end: LinkEnd, next: FirstConnect): LapseCause {
  if (end.how === 'broker-disconnect') return 'broker-closed';
  if (!next.up) return causeOfFailure(next.failure);
  // A reset or a missing answer to a packet after silence, on a network that works: the state in between is
  // gone. A FIN says that somebody closed on purpose: the broker, or a proxy before it.
  return end.how === 'unanswered' || end.how === 'reset' ? 'path-forgot' : 'broker-closed';
}

function causeOfFailure(failure: ConnectFailure): LapseCause {
  if (failure.kind === 'unavailable' || failure.kind === 'refused' || failure.kind === 'no-answer') {
    return 'broker-gone';
  }
  return failure.kind === 'network' && failure.message.includes('ECONNREFUSED') ? 'broker-gone' : 'link-lost';
}
