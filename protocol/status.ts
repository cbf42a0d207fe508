/**
 * The retained status of a device, also its will: JSON. Strict on every field that it knows; extra fields are
 * ignored, so that a newer agent can talk to an older monitor.
 */
import { MAX_PROMISED_SECONDS } from './probe.ts';
import { isGroupName } from './topics.ts';

/** `offline` is said by the broker alone (the will); `leaving` by a device that stops on purpose. */
export type StatusState = 'online' | 'leaving' | 'offline';

export interface Counters {
  readonly probes: number;
  readonly reconnects: number;
  readonly lapses: number;
}

export interface Status {
  readonly state: StatusState;
  /** Grows with every session of the device: statuses and wills of an older one are stale. */
  readonly epoch: number;
  /** The interval in force, in whole seconds; an `online` status promises the next probe within it. */
  readonly intervalSeconds: number;
  readonly count: number;
  /** Why this interval, for people. */
  readonly reason: string;
  readonly agentVersion: string;
  /** Key of the network, or null when it is not known. */
  readonly network: string | null;
  readonly groups: readonly string[];
  readonly configurationVersion: number | null;
  readonly counters: Counters;
}

export const MAX_STATUS_BYTES = 2048;
export const MAX_COUNT = 100;
const MAX_GROUPS = 16;
const MAX_TEXT = 200;
const MAX_NETWORK_KEY = 64;

export type StatusRefusal =
  | 'too-large'
  | 'not-utf8'
  | 'not-json'
  | 'not-an-object'
  | `bad-${'state' | 'epoch' | 'interval' | 'count' | 'reason' | 'agent-version' | 'network' | 'groups' | 'configuration-version' | 'counters'}`;

export type ParsedStatus =
  | { readonly ok: true; readonly status: Status }
  | { readonly ok: false; readonly refusal: StatusRefusal };

/** Encodes a status; over-long texts are cut, so that what was encoded always parses. */
export function encodeStatus(status: Status): Uint8Array {
  return new TextEncoder().encode(
    JSON.stringify({
      state: status.state,
      epoch: status.epoch,
      keepalive_interval: status.intervalSeconds,
      keepalive_count: status.count,
      reason: cut(status.reason),
      agent_version: cut(status.agentVersion),
      network: status.network,
      groups: status.groups,
      configuration_version: status.configurationVersion,
      counters: status.counters,
    }),
  );
}

/** To `MAX_TEXT` bytes as they go on the wire, between code points: no escape or surrogate pair is halved. */
function cut(text: string): string {
  const encoder = new TextEncoder();
  if (encoder.encode(JSON.stringify(text)).length - 2 <= MAX_TEXT) return text;
  let bytes = 0;
  let length = 0;
  for (const point of text) {
    bytes += encoder.encode(JSON.stringify(point)).length - 2;
    if (bytes > MAX_TEXT) return text.slice(0, length);
    length += point.length;
  }
  return text;
}

/** Decodes a status. Never throws. */
export function parseStatus(bytes: Uint8Array): ParsedStatus {
  if (bytes.length > MAX_STATUS_BYTES) return refuse('too-large');
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return refuse('not-utf8');
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse('not-json');
  }
  return checkStatus(value);
}

/** Checks what JSON held. Never throws. */
export function checkStatus(value: unknown): ParsedStatus {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse('not-an-object');
  const fields = value as Record<string, unknown>;
  const state = fields.state;
  if (state !== 'online' && state !== 'leaving' && state !== 'offline') return refuse('bad-state');
  const epoch = fields.epoch;
  if (!isCount(epoch)) return refuse('bad-epoch');
  const intervalSeconds = fields.keepalive_interval;
  if (!isCount(intervalSeconds) || intervalSeconds < 1 || intervalSeconds > MAX_PROMISED_SECONDS)
    return refuse('bad-interval');
  const count = fields.keepalive_count;
  if (!isCount(count) || count < 1 || count > MAX_COUNT) return refuse('bad-count');
  const reason = fields.reason ?? '';
  if (!isText(reason, MAX_TEXT)) return refuse('bad-reason');
  const agentVersion = fields.agent_version ?? '';
  if (!isText(agentVersion, MAX_TEXT)) return refuse('bad-agent-version');
  const network = fields.network ?? null;
  if (network !== null && !isText(network, MAX_NETWORK_KEY)) return refuse('bad-network');
  const groups = fields.groups ?? [];
  if (!isGroups(groups)) return refuse('bad-groups');
  const configurationVersion = fields.configuration_version ?? null;
  if (configurationVersion !== null && !isCount(configurationVersion))
    return refuse('bad-configuration-version');
  const counters = parseCounters(fields.counters);
  if (counters === null) return refuse('bad-counters');
  return {
    ok: true,
    status: {
      state,
      epoch,
      intervalSeconds,
      count,
      reason,
      agentVersion,
      network,
      groups,
      configurationVersion,
      counters,
    },
  };
}

function refuse(refusal: StatusRefusal): ParsedStatus {
  return { ok: false, refusal };
}

/** A whole number that survives the way through a double; JSON can also spell −0, which is none. */
function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0);
}

function isText(value: unknown, maxLength: number): value is string {
  return typeof value === 'string' && value.length <= maxLength;
}

function isGroups(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) &&
    value.length <= MAX_GROUPS &&
    value.every((group) => typeof group === 'string' && isGroupName(group))
  );
}

function parseCounters(value: unknown): Counters | null {
  if (value === undefined) return { probes: 0, reconnects: 0, lapses: 0 };
  if (typeof value !== 'object' || value === null) return null;
  const { probes, reconnects, lapses } = value as Record<string, unknown>;
  if (!isCount(probes) || !isCount(reconnects) || !isCount(lapses)) return null;
  return { probes, reconnects, lapses };
}
