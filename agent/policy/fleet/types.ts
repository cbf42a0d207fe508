/** The words between the policy of pushed settings and its shells: facts in, effects out. */
import type { ConfigurationDocument } from '../../../protocol/configuration.ts';
import type { ConfigurationReport, DocumentFate } from '../../../protocol/configuration-report.ts';
import type { ConnectFailure } from '../../../runtime/connect-failure.ts';
import type { LogFields, LogLevel } from '../../../runtime/log.ts';

/** What stays the same while the agent runs. */
export interface FleetConfig {
  readonly device: string;
  /** Later ones override earlier ones. */
  readonly groups: readonly string[];
  /** Names the file's list of trusted keys: pushed keys hold only beside the list that they replaced. */
  readonly ownKeys: string;
  /** No clock that is right shows less, in seconds since 1970. */
  readonly sinceSeconds: number;
}

/** A document whose signature was verified when it was heard. */
export interface HeardDocument {
  /** `group:pilot` */
  readonly target: string;
  readonly hash: string;
  /** The JWS. */
  readonly text: string;
  readonly document: ConfigurationDocument;
}

/** Settings of one document, to be laid over the file. */
export interface FleetLayer {
  readonly origin: { readonly kind: 'group' | 'device'; readonly name: string; readonly version: number };
  readonly settings: Readonly<Record<string, unknown>>;
}

/** Why a trial ended without being confirmed. */
export type TrialFailure =
  /** No connection came up under the new settings. */
  | 'no-connection'
  | 'tls-failed'
  /** The broker refuses the client or its probes. */
  | 'refused-by-broker'
  /** Connected, but not enough probes in a row were answered. */
  | 'no-answers'
  /** They were answered, too slowly. */
  | 'late'
  | 'superseded'
  | 'cannot-store'
  | 'cannot-apply'
  /** The agent or the device was stopped, or slept, in the middle. */
  | 'interrupted'
  /** The last-good settings did not connect either: nothing is proven. */
  | 'network-out';

/** What is known of the newest document accepted for a target. */
export interface Accepted {
  readonly version: number;
  readonly hash: string;
  /** Trials begun. */
  readonly attempts: number;
  /** Null: confirmed, or on trial. */
  readonly failure: TrialFailure | null;
}

/** Keys that a confirmed document put in place of the file's. */
export interface PushedKeys {
  /** `FleetConfig.ownKeys` when that was done. */
  readonly boundTo: string;
  readonly keys: readonly string[];
}

/** A document whose settings are tried, or were when the agent stopped. */
export interface Candidate {
  readonly heard: HeardDocument;
  readonly attempt: number;
  /** By the wall clock, in seconds; for people. The trial itself runs on a clock that nobody sets. */
  readonly revertAtSeconds: number;
}

/** What must survive the loss of power. */
export interface FleetRecord {
  readonly accepted: Readonly<Record<string, Accepted>>;
  readonly confirmed: readonly HeardDocument[];
  readonly candidate: Candidate | null;
  readonly keys: PushedKeys | null;
  readonly last: DocumentFate | null;
  /** The latest time that is known to have been, in seconds since 1970. */
  readonly seenSeconds: number;
}

/** What applying a document would mean. */
export interface Plan {
  /** A new connection is needed; otherwise the one that is up goes on. */
  readonly reconnects: boolean;
  /** The interval between probes when it is fixed; null: it adapts, or the kernel keeps the connection. */
  readonly fixedIntervalMs: number | null;
  /** `keepalive_count` */
  readonly count: number;
  /** Keys of pushed documents that environment or command line override. */
  readonly overridden: readonly string[];
}

export type FleetEvent =
  /** `leftOut`: hashes of confirmed documents whose settings do not fit the file (any more). */
  | {
      readonly kind: 'started';
      readonly wallSeconds: number;
      readonly overridden: readonly string[];
      readonly leftOut: readonly string[];
      /** What was on flash could not be read. */
      readonly damaged: boolean;
    }
  /** Signed by a trusted key. */
  | {
      readonly kind: 'documentHeard';
      readonly hash: string;
      readonly text: string;
      readonly payload: Uint8Array;
      readonly wallSeconds: number;
    }
  /** Too large, not UTF-8, or not signed as it must be. */
  | {
      readonly kind: 'documentRefused';
      readonly hash: string;
      readonly refusal: string;
      readonly detail: string;
    }
  /** Answers `check`. */
  | { readonly kind: 'checked'; readonly result: Checked }
  /** Answers `store`. */
  | { readonly kind: 'stored'; readonly purpose: StorePurpose }
  | { readonly kind: 'storeFailed'; readonly purpose: StorePurpose; readonly detail: string }
  | { readonly kind: 'applyFailed'; readonly detail: string }
  | { readonly kind: 'linkUp'; readonly epoch: number }
  | { readonly kind: 'linkLost' }
  | { readonly kind: 'connectFailed'; readonly failure: ConnectFailure }
  | { readonly kind: 'probeSent'; readonly id: number }
  | { readonly kind: 'probeAcked'; readonly id: number }
  | { readonly kind: 'probeRefused'; readonly id: number; readonly detail: string }
  | { readonly kind: 'reportSettled'; readonly ok: boolean }
  | { readonly kind: 'resumed'; readonly asleepMs: number }
  | { readonly kind: 'timePassed' };

export type Checked =
  | { readonly ok: true; readonly plan: Plan }
  | { readonly ok: false; readonly refusal: string; readonly detail: string };

/** `candidate`: before anything is applied. `confirmed`: the trial has passed. `record`: what became of it. */
export type StorePurpose = 'candidate' | 'confirmed' | 'record';

export type FleetEffect =
  /** Would the agent's settings be valid with these layers, and what would change? */
  | { readonly kind: 'check'; readonly layers: readonly FleetLayer[] }
  /** Put on flash, for good, before answering. */
  | { readonly kind: 'store'; readonly purpose: StorePurpose; readonly record: FleetRecord }
  /** Run with these layers from now on. */
  | { readonly kind: 'apply'; readonly layers: readonly FleetLayer[] }
  /** The highest version in force has changed. */
  | { readonly kind: 'versionChanged'; readonly version: number | null }
  /** Send a probe now. */
  | { readonly kind: 'probe' }
  /** Subscribe again: documents that were refused may now be signed by a trusted key. */
  | { readonly kind: 'listen' }
  | { readonly kind: 'report'; readonly report: ConfigurationReport }
  | {
      readonly kind: 'log';
      readonly level: LogLevel;
      readonly event: string;
      readonly message: string;
      readonly fields: LogFields;
    };

/** Settings on trial. Times in ms on a clock that counts suspend. */
export interface Trial {
  readonly heard: HeardDocument;
  readonly attempt: number;
  readonly plan: Plan;
  readonly startedAt: number;
  readonly deadlineAt: number;
  /** The first probe that was sent under these settings; null: none yet. */
  readonly fromProbe: number | null;
  readonly lastProbeAt: number | null;
  /** Probes answered in a row, and since when. */
  readonly row: number;
  readonly rowSince: number | null;
  /** A probe was answered at some time. */
  readonly answered: boolean;
  /** Connections lost after that. */
  readonly lapses: number;
  readonly wasUp: boolean;
  /** How the last attempt to connect failed; null: none has since the link was up. */
  readonly failure: ConnectFailure | null;
  /** A connection that these settings are not to blame for could not be made. */
  readonly outage: boolean;
  /** Attempts in a row that failed in a way which waiting does not mend. */
  readonly hopeless: number;
  readonly probeRefused: string | null;
  readonly asleepMs: number;
  /** Why `confirmed` could not be stored; null: not tried, or not failed. */
  readonly storeFailure: string | null;
}

/** Last-good settings are back; whether they work tells what the trial has proven. */
export interface Recovery {
  readonly heard: HeardDocument;
  readonly attempt: number;
  readonly failure: TrialFailure;
  readonly detail: string;
  readonly fromProbe: number | null;
  /** Failed attempts to connect in a row. */
  readonly failures: number;
}

export interface FleetState {
  readonly record: FleetRecord;
  readonly trial: Trial | null;
  readonly recovery: Recovery | null;
  /** The document that `check` is about. */
  readonly checking: { readonly heard: HeardDocument; readonly attempt: number } | null;
  /** The document that `store` is about to put on trial. */
  readonly starting: { readonly candidate: Candidate; readonly plan: Plan } | null;
  /** Newest per target; each gets its turn. */
  readonly waiting: readonly HeardDocument[];
  readonly linkUp: boolean;
  readonly epoch: number;
  readonly wallSeconds: number;
  readonly refusals: Readonly<Record<string, number>>;
  /** What was said of the latest documents, so that each is told and counted once: retained ones come again and again. */
  readonly judged: readonly { readonly hash: string; readonly refusal: string }[];
  readonly last: DocumentFate | null;
  readonly overridden: readonly string[];
  readonly leftOut: readonly string[];
  readonly reportDue: boolean;
}

export interface FleetStep {
  readonly state: FleetState;
  readonly effects: readonly FleetEffect[];
  /** When `timePassed` is wanted next, in ms; null: not before something happens. */
  readonly wakeAt: number | null;
}

/** The work in progress of one step. */
export interface Draft {
  state: FleetState;
  readonly effects: FleetEffect[];
  readonly now: number;
  readonly config: FleetConfig;
}

/** Changes some of the draft's state. */
export function patch(draft: Draft, change: Partial<FleetState>): void {
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
