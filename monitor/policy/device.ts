/** What the monitor knows and says of one device: the words that policy, stores, sinks and API share. */
import type { Vitals } from '../../protocol/probe.ts';
import type { Counters } from '../../protocol/status.ts';
import type { Notice, NoticeEvent, Severity } from './notice.ts';

/**
 * `unknown`: named by a retained status, or known from before this monitor listened, and not heard since: nothing
 * is proved yet. `alive`: heard within its promise. `late`: promise lapsed (nobody is woken). `dead`: `keepalive_timeout`
 * lapsed (one alert). `left`: stopped on purpose.
 */
export type DeviceState = 'unknown' | 'alive' | 'late' | 'dead' | 'left';

/** All of them. */
export const DEVICE_STATES: readonly DeviceState[] = ['unknown', 'alive', 'late', 'dead', 'left'];

/** Why a device changed its state. */
export type TransitionCause =
  | 'first-heard'
  | 'probe-heard'
  | 'status-online'
  | 'status-retained'
  | 'promise-lapsed'
  | 'will-published'
  | 'timeout-lapsed'
  | 'left-on-purpose';

/**
 * Why a device fell silent, as far as it can be known. `battery-empty`: its battery fell to its end.
 * `network-wide`: the others of its network fell silent too. `since-outage`: not heard since the broker or the
 * monitor was away. `weak-signal`: its signal was at its limit. `session-ended`: the broker lost its connection.
 */
export type LapseCause =
  | 'battery-empty'
  | 'network-wide'
  | 'since-outage'
  | 'weak-signal'
  | 'session-ended'
  | 'unexplained';

export const LAPSE_CAUSES: readonly LapseCause[] = [
  'battery-empty',
  'network-wide',
  'since-outage',
  'weak-signal',
  'session-ended',
  'unexplained',
];

/** The durable part of a device: all that a restarted monitor needs. Times are wall-clock ms. */
export interface DeviceRecord {
  readonly device: string;
  readonly state: DeviceState;
  readonly stateSinceMs: number;
  /** Counts this device's transitions; never reused. With the name it identifies a transition for good. */
  readonly sequence: number;
  /** Newest session seen; statuses of an older one are ignored. */
  readonly epoch: number;
  readonly promisedSeconds: number;
  readonly count: number;
  /** As of the last save, not of the last probe: probes alone are not written. */
  readonly lastHeardMs: number | null;
  readonly reason: string;
  readonly agentVersion: string;
  readonly network: string | null;
  readonly groups: readonly string[];
  readonly configurationVersion: number | null;
  readonly counters: Counters;
  readonly vitals: Vitals | null;
}

export interface Transition {
  readonly device: string;
  readonly sequence: number;
  readonly epoch: number;
  readonly from: DeviceState | null;
  readonly to: DeviceState;
  readonly cause: TransitionCause;
  /** Wall-clock ms. */
  readonly atMs: number;
  readonly lastHeardMs: number | null;
  readonly promisedSeconds: number;
  readonly count: number;
  /** Of a death. */
  readonly lapseCause?: LapseCause;
}

/** One call for a person's attention: opened when a device dies, resolved when it is back or left. */
export interface Alert {
  /** `<device>:<sequence of the transition that opened it>`. */
  readonly id: string;
  readonly device: string;
  readonly groups: readonly string[];
  readonly network: string | null;
  readonly openedMs: number;
  readonly resolvedMs: number | null;
  readonly lastHeardMs: number | null;
  /** interval × count as last promised, in seconds. */
  readonly keepaliveTimeoutSeconds: number;
  readonly lapseCause?: LapseCause;
  /** The incident that it became part of, open or over. */
  readonly incident?: string;
  /** Its incident was told, not itself. */
  readonly quiet?: boolean;
  /** For people: what happened, and why. */
  readonly summary: string;
}

/** One delivery that a sink owes. Written in the same transaction as the transition that caused it. */
export interface OutboxMessage {
  /** Orders deliveries; assigned by the store. */
  readonly id: number;
  readonly sink: string;
  /** `<device>:<epoch>:<sequence>` of an alert: the same however often it is sent. */
  readonly idempotencyKey: string;
  readonly event: NoticeEvent;
  readonly severity: Severity;
  readonly notice: Notice;
}
