/** The words between the agent's policy and its shells: facts in, effects out. */
import type { KeepaliveSettings, ReconnectSettings, VerdictSettings } from '../../../config/settings.ts';
import type { IdleTimeoutRange, NetworkReport } from '../../../protocol/network-knowledge.ts';
import type { Probe, Vitals } from '../../../protocol/probe.ts';
import type { Counters, Status } from '../../../protocol/status.ts';
import type { ConnectFailure } from '../../../runtime/connect-failure.ts';
import type { LogFields, LogLevel } from '../../../runtime/log.ts';
import type { CloseCause } from '../../../runtime/mqtt-session.ts';
import type { IdleTimeoutBelief } from '../idle-timeout-belief.ts';
import type { FleetSummary } from '../idle-timeout-prior.ts';
import type { IntervalState, Network } from '../interval.ts';
import type { LinkEnd } from '../lapse-cause.ts';
import type { SavedLink } from '../link-saved.ts';
import type { ProbeReason, ScheduleState } from '../probe-schedule.ts';
import type { MqttVersion, VersionState } from '../protocol-version.ts';
import type { ReconnectState } from '../reconnect.ts';
import type { Radio } from '../round-trip.ts';
import type { VerdictState } from '../verdict.ts';
import type { Power } from '../vitals.ts';
import type { RivalState } from './rival.ts';

export interface KeepaliveConfig {
  readonly groups: readonly string[];
  readonly agentVersion: string;
  readonly keepalive: KeepaliveSettings;
  readonly verdict: VerdictSettings;
  readonly reconnect: ReconnectSettings;
  readonly lowBatteryPercent: number;
  /** The smallest of `path_limits`, in seconds; null: none is stated. */
  readonly pathLimitSeconds: number | null;
  readonly protocol: 'auto' | '5' | '3.1.1';
  readonly connectTimeoutSeconds: number;
  /** The highest version among the pushed settings in force; null: there are none. */
  readonly configurationVersion?: number | null;
}

export type KeepaliveEvent =
  | { readonly kind: 'started' }
  | { readonly kind: 'linkUp'; readonly serverKeepAliveSeconds: number | null; readonly tlsResumed: boolean }
  /** Follows each `linkUp`, soon: where the connection goes through, and what was learned there before. */
  | {
      readonly kind: 'networkIdentified';
      readonly network: Network;
      readonly belief: IdleTimeoutBelief | null;
      readonly link?: SavedLink | null;
    }
  | { readonly kind: 'fleetKnowledgeTold'; readonly key: string; readonly summary: FleetSummary }
  | { readonly kind: 'connectFailed'; readonly failure: ConnectFailure }
  | { readonly kind: 'linkClosed'; readonly cause: CloseCause; readonly detail: string }
  | { readonly kind: 'probeAcked'; readonly id: number }
  /** The broker answered the probe with an error: the path works, the permission does not. */
  | { readonly kind: 'probeRefused'; readonly id: number; readonly detail: string }
  | { readonly kind: 'statusSettled' }
  /** What the broker kept as this device's status; told before `statusSettled` where a `connect` asked for it. */
  | { readonly kind: 'ownStatusHeard'; readonly epoch: number }
  | { readonly kind: 'packetReceived' }
  | { readonly kind: 'applicationTraffic' }
  | { readonly kind: 'asked' }
  /** Answers `readVitals`, at once; with `path` where that was asked for and the kernel tells. */
  | {
      readonly kind: 'vitalsRead';
      readonly power: Power;
      readonly signalDbm: number | null;
      readonly path?: PathState | null;
    }
  /**
   * The connection beside the link can carry: TCP, and TLS where there is any; no CONNECT was sent. `tcpMs`: how long
   * the SYN waited for its answer.
   */
  | { readonly kind: 'besideUp'; readonly tcpMs: number }
  | { readonly kind: 'besideFailed'; readonly detail: string }
  /**
   * The device's own network has changed since the last connection came up. `local`: that connection's address;
   * `route`: the interface that leads to the broker now. Told once per change.
   */
  | {
      readonly kind: 'addressesChanged';
      readonly local: 'kept' | 'gone';
      readonly route: 'kept' | 'moved' | 'none';
    }
  /** The device slept since the last event. */
  | { readonly kind: 'resumed'; readonly asleepMs: number }
  /** The configuration that steps are given is another one from now on. `link`: the shell has a new one, not connected. */
  | { readonly kind: 'configured'; readonly link: 'kept' | 'replaced' }
  /** Settings are on trial: somebody wants to see a probe answered. */
  | { readonly kind: 'probeWanted' }
  | { readonly kind: 'stopRequested' }
  | { readonly kind: 'timePassed' };

/** What the kernel knows of the link's socket (`TCP_INFO`). */
export interface PathState {
  /** Segments sent and not yet acknowledged. */
  readonly unackedSegments: number;
  /** Retransmission timeouts in a row for the oldest of them. */
  readonly retransmits: number;
}

export type KeepaliveEffect =
  | {
      readonly kind: 'connect';
      readonly version: MqttVersion;
      readonly keepAliveSeconds: number;
      readonly timeoutMs: number;
      /** The status that the broker publishes when this session ends without a word. */
      readonly will: Status;
      /** Over the connection that was opened beside the last link, unless that has ended meanwhile. */
      readonly beside: boolean;
      /** Ask for this device's retained status before another is said. */
      readonly asksStatus: boolean;
    }
  /** Open a connection beside the link, as far as it goes without a word of MQTT. */
  | { readonly kind: 'connectBeside' }
  | { readonly kind: 'dropBeside' }
  | { readonly kind: 'publishStatus'; readonly status: Status }
  | { readonly kind: 'publishProbe'; readonly id: number; readonly probe: Probe }
  /** `path`: also ask the kernel about the link's socket. */
  | { readonly kind: 'readVitals'; readonly path: boolean }
  /** Worth telling the fleet: what was learned of this network. */
  | { readonly kind: 'reportNetwork'; readonly report: NetworkReport }
  /** Worth a write to flash: what was learned of this network. */
  | {
      readonly kind: 'saveBelief';
      readonly key: string;
      readonly belief: IdleTimeoutBelief;
      readonly link: SavedLink;
    }
  /** `abandon`: destroy the socket. `leave`: DISCONNECT, then close. */
  | { readonly kind: 'closeLink'; readonly how: 'abandon' | 'leave' }
  | { readonly kind: 'finished' }
  | {
      readonly kind: 'log';
      readonly level: LogLevel;
      readonly event: string;
      readonly message: string;
      readonly fields: LogFields;
    };

/** Why a probe goes out. */
export type WantedProbe = ProbeReason | 'answer-overdue' | 'resumed' | 'route-changed' | 'settings-tried';

/** A probe on its way, as it was when it left. */
export interface SentProbe {
  readonly id: number;
  readonly sentAt: number;
  readonly silenceMs: number;
  readonly radio: Radio;
}

export interface KeepaliveState {
  /** `leaving`: the last status is on its way; `closing`: DISCONNECT is. */
  readonly phase: 'running' | 'leaving' | 'closing' | 'stopped';
  /** Starts of this agent, persisted; with `sessions` it makes the epoch. */
  readonly starts: number;
  readonly sessions: number;
  /** Where `sessions` was before the first. */
  readonly firstSession: number;
  readonly version: VersionState;
  readonly reconnect: ReconnectState;
  readonly verdict: VerdictState;
  readonly schedule: ScheduleState;
  readonly interval: IntervalState;
  /** Why the last connect came to nothing; null: it did not. */
  readonly lastFailure: ConnectFailure | null;
  /** Last packet either way on this link. */
  readonly lastPacketAt: number;
  /** How the last link ended, until the next connect tells why. */
  readonly linkEnd: LinkEnd | null;
  readonly inFlight: readonly SentProbe[];
  readonly nextProbeId: number;
  /** Why a probe waits for `vitalsRead`; null: none does. */
  readonly wanted: WantedProbe | null;
  /** The connection that is opened beside a link that seems dead; null: none is. */
  readonly beside: 'opening' | 'up' | null;
  readonly power: Power;
  readonly lastRttMs: number | null;
  /** When the connect under way began, and how long the last one that succeeded took, in ms. */
  readonly connecting: { readonly startedAt: number | null; readonly tookMs: number };
  readonly toldVitals: Vitals | null;
  /** What the last status said of the interval and the network; null before the first. */
  readonly told:
    | (Pick<IntervalState, 'intervalMs' | 'reason' | 'network'> &
        Pick<Status, 'count' | 'configurationVersion'>)
    | null;
  /** What was promised last, in ms: how long the monitor waits is a multiple of it. */
  readonly promisedMs: number;
  readonly lastAskedAt: number | null;
  /** What the fleet was told of this network, and when. */
  readonly reported: { readonly summary: IdleTimeoutRange | null; readonly at: number | null };
  /** The belief that is on flash (null: none of this network), and since when that is counted. */
  readonly saved: { readonly belief: IdleTimeoutBelief | null; readonly at: number };
  readonly counters: Counters;
  /** Another client with this device's name. */
  readonly rival: RivalState;
  readonly stopAt: number | null;
}

export interface KeepaliveStep {
  readonly state: KeepaliveState;
  readonly effects: readonly KeepaliveEffect[];
  /** When `timePassed` is wanted next, in ms; null: not before something happens. */
  readonly wakeAt: number | null;
}

/** The work in progress of one step. */
export interface Draft {
  state: KeepaliveState;
  readonly effects: KeepaliveEffect[];
  readonly now: number;
  readonly config: KeepaliveConfig;
  readonly random: () => number;
}

/** Changes some of the draft's state. */
export function patch(draft: Draft, change: Partial<KeepaliveState>): void {
  draft.state = { ...draft.state, ...change };
}

/** Adds a line to the log. */
export function say(
  draft: Draft,
  level: LogLevel,
  event: string,
  message: string,
  fields: LogFields = {},
): void {
  draft.effects.push({ kind: 'log', level, event, message, fields });
}
