/**
 * Records as text and back. Strict, because what comes back from a disk may be damaged or written by another
 * version: a record that does not say everything is not a record.
 */
import { MAX_PROMISED_SECONDS } from '../../../protocol/probe.ts';
import { MAX_COUNT } from '../../../protocol/status.ts';
import { isDeviceName } from '../../../protocol/topics.ts';
import {
  type Alert,
  DEVICE_STATES,
  type DeviceRecord,
  LAPSE_CAUSES,
  type OutboxMessage,
  type Transition,
  type TransitionCause,
} from '../../policy/device.ts';
import type { Incident, IncidentScope } from '../../policy/incident.ts';
import type { NetworkRecord, NetworkVote } from '../../policy/network-knowledge.ts';
import { NOTICE_EVENTS, type Notice, SEVERITIES } from '../../policy/notice.ts';

const CAUSES: readonly TransitionCause[] = [
  'first-heard',
  'probe-heard',
  'status-online',
  'status-retained',
  'promise-lapsed',
  'will-published',
  'timeout-lapsed',
  'left-on-purpose',
];

type Check<T> = (value: unknown) => value is T;

const isText: Check<string> = (value) => typeof value === 'string';
const isNumber: Check<number> = (value): value is number =>
  typeof value === 'number' && Number.isFinite(value);
const isPositive: Check<number> = (value): value is number => isNumber(value) && value > 0;
const isCount: Check<number> = (value): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
const isTexts: Check<readonly string[]> = (value): value is readonly string[] =>
  Array.isArray(value) && value.every(isText);

/** Whole, from 1. */
function upTo(most: number): Check<number> {
  return (value): value is number => isCount(value) && value >= 1 && value <= most;
}

function orNull<T>(check: Check<T>): Check<T | null> {
  return (value): value is T | null => value === null || check(value);
}

/** Absent in records of an older version, too. */
function optional<T>(check: Check<T>): Check<T | undefined> {
  return (value): value is T | undefined => value === undefined || check(value);
}

function oneOf<T extends string>(values: readonly T[]): Check<T> {
  return (value): value is T => values.some((allowed) => allowed === value);
}

type Shape<T> = { readonly [K in keyof T]-?: Check<T[K]> };

function object<T>(shape: Shape<T>): Check<T> {
  const fields = Object.entries<Check<unknown>>(shape);
  return (value): value is T =>
    typeof value === 'object' &&
    value !== null &&
    fields.every(([field, check]) => check((value as Record<string, unknown>)[field]));
}

const isDevice = object<DeviceRecord>({
  device: (value): value is string => isText(value) && isDeviceName(value),
  state: oneOf(DEVICE_STATES),
  stateSinceMs: isNumber,
  sequence: isCount,
  epoch: isCount,
  promisedSeconds: upTo(MAX_PROMISED_SECONDS),
  count: upTo(MAX_COUNT),
  lastHeardMs: orNull(isNumber),
  reason: isText,
  agentVersion: isText,
  network: orNull(isText),
  groups: isTexts,
  configurationVersion: orNull(isCount),
  counters: object({ probes: isCount, reconnects: isCount, lapses: isCount }),
  vitals: orNull(
    object({
      batteryPercent: orNull(isNumber),
      signalDbm: orNull(isNumber),
      rttMs: orNull(isNumber),
      reconnects: isCount,
    }),
  ),
});

const isTransition = object<Transition>({
  device: isText,
  sequence: isCount,
  epoch: isCount,
  from: orNull(oneOf(DEVICE_STATES)),
  to: oneOf(DEVICE_STATES),
  cause: oneOf(CAUSES),
  atMs: isNumber,
  lastHeardMs: orNull(isNumber),
  promisedSeconds: isNumber,
  count: isCount,
  lapseCause: optional(oneOf(LAPSE_CAUSES)),
});

const isAlert = object<Alert>({
  id: isText,
  device: isText,
  groups: isTexts,
  network: orNull(isText),
  openedMs: isNumber,
  resolvedMs: orNull(isNumber),
  lastHeardMs: orNull(isNumber),
  keepaliveTimeoutSeconds: isNumber,
  lapseCause: optional(oneOf(LAPSE_CAUSES)),
  summary: isText,
});

const isVote = object<NetworkVote>({
  device: isText,
  epoch: isCount,
  atMs: isNumber,
  survivesSeconds: isPositive,
  forgetsSeconds: orNull(isPositive),
});

const isNetwork = object<NetworkRecord>({
  network: isText,
  votes: (value): value is readonly NetworkVote[] => Array.isArray(value) && value.every(isVote),
});

const isCounts: Check<Readonly<Record<string, number>>> = (
  value,
): value is Readonly<Record<string, number>> =>
  typeof value === 'object' && value !== null && Object.values(value).every(isCount);

const isIncident = object<Incident>({
  id: isText,
  scope: object<IncidentScope>({
    kind: oneOf(['network', 'group', 'broker', 'fleet'] as const),
    name: isText,
  }),
  openedMs: isNumber,
  resolvedMs: orNull(isNumber),
  memberCount: isCount,
  aliveAgainCount: isCount,
  firstMembers: isTexts,
  causes: isCounts,
  summary: isText,
});

const isAlertNotice = object<Notice & { kind: 'alert' }>({ kind: oneOf(['alert']), alert: isAlert });
const isIncidentNotice = object<Notice & { kind: 'incident' }>({
  kind: oneOf(['incident']),
  incident: isIncident,
});
const isNotice: Check<Notice> = (value): value is Notice => isAlertNotice(value) || isIncidentNotice(value);

const isMessage = object<OutboxMessage>({
  id: isCount,
  sink: isText,
  idempotencyKey: isText,
  event: oneOf(NOTICE_EVENTS),
  severity: oneOf(SEVERITIES),
  notice: isNotice,
});

/** Format 1 of the store knew alerts only, of one severity. */
function messageOfFormat1(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('alert' in value)) return value;
  const { alert, ...rest } = value;
  return { ...rest, severity: 'critical', notice: { kind: 'alert', alert } };
}

function parser<T>(check: Check<T>, upgraded = (value: unknown) => value): (text: unknown) => T | null {
  return (text) => {
    if (typeof text !== 'string') return null;
    try {
      const value = upgraded(JSON.parse(text));
      return check(value) ? value : null;
    } catch {
      return null;
    }
  };
}

/** Each parser takes the stored text and returns the record, or null when it is damaged. Never throws. */
export const parseDevice = parser(isDevice);
export const parseTransition = parser(isTransition);
export const parseAlert = parser(isAlert);
export const parseMessage = parser(isMessage, messageOfFormat1);
export const parseNetwork = parser(isNetwork);
