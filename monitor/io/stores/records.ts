/**
 * Records as text and back. Strict, because what comes back from a disk may be damaged or written by another
 * version: a record that does not say everything is not a record.
 */

import { MAX_PROMISED_SECONDS, type Vitals } from '../../../protocol/probe.ts';
import { MAX_COUNT } from '../../../protocol/status.ts';
import { isDeviceName } from '../../../protocol/topics.ts';
import {
  type Alert,
  DEVICE_STATES,
  type DeviceRecord,
  LAPSE_CAUSES,
  type Transition,
  type TransitionCause,
} from '../../policy/device.ts';
import type { NetworkRecord, NetworkVote } from '../../policy/network-knowledge.ts';
import {
  isCount,
  isNumber,
  isPositive,
  isSwitch,
  isText,
  isTexts,
  object,
  oneOf,
  optional,
  orNull,
  parser,
  upTo,
} from './checks.ts';

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

const isVitals = object<Vitals>({
  batteryPercent: orNull(isNumber),
  signalDbm: orNull(isNumber),
  rttMs: orNull(isNumber),
  reconnects: isCount,
});

export const isDevice = object<DeviceRecord>({
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
  vitals: orNull(isVitals),
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

export const isAlert = object<Alert>({
  id: isText,
  device: isText,
  groups: isTexts,
  network: orNull(isText),
  openedMs: isNumber,
  resolvedMs: orNull(isNumber),
  lastHeardMs: orNull(isNumber),
  keepaliveTimeoutSeconds: isNumber,
  lapseCause: optional(oneOf(LAPSE_CAUSES)),
  incident: optional(isText),
  quiet: optional(isSwitch),
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

/** Each parser takes the stored text and returns the record, or null when it is damaged. Never throws. */
export const parseDevice = parser(isDevice);
export const parseVitals = parser(isVitals);
export const parseTransition = parser(isTransition);
export const parseAlert = parser(isAlert);
export const parseNetwork = parser(isNetwork);
