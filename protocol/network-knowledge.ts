/**
 * What devices learn of a network's idle timeout, as it travels: a device's report (`khd/1/<device>/network`)
 * and the fleet's knowledge (`khd/1/network/<key>`), both JSON. Strict on every field that it knows; extra
 * fields are ignored. Both come from outside: they guide whoever reads them, they never bind.
 */
import { isNetworkKey } from './topics.ts';

/** Between which silences a path forgets. */
export interface IdleTimeoutRange {
  /** A silence that was survived. */
  readonly survivesSeconds: number;
  /** A silence after which the path had forgotten; null when none was ever met. */
  readonly forgetsSeconds: number | null;
}

/** What one device learned. */
export interface NetworkReport {
  readonly network: string;
  /** The session that says so, as in the status. */
  readonly epoch: number;
  /** Null: what it said before no longer holds, and it knows nothing in its place. */
  readonly summary: IdleTimeoutRange | null;
}

/** One of several timeouts that are met on a network. */
export interface IdleTimeoutSpike extends IdleTimeoutRange {
  /** In devices, as the weight of the whole. */
  readonly weight: number;
}

/** What the fleet learned. */
export interface NetworkKnowledge {
  readonly network: string;
  /** How many devices it rests on. */
  readonly devices: number;
  /** For how many devices it should count: less than `devices` when they are few, of old, or contradicted. */
  readonly weight: number;
  /** Encloses every spike. */
  readonly summary: IdleTimeoutRange;
  /** By length; one, unless paths with different timeouts share the network. */
  readonly spikes: readonly IdleTimeoutSpike[];
}

export const MAX_NETWORK_REPORT_BYTES = 512;
export const MAX_NETWORK_KNOWLEDGE_BYTES = 1024;
export const MAX_SPIKES = 3;
/** A report whose ends are further apart helps nobody. */
export const MAX_REPORT_RATIO = 4;

const VERSION = 1;
const MIN_SECONDS = 0.1;
/** Longer silences are never promised by a probe. */
const MAX_SECONDS = 0xffff;
const MAX_DEVICES = 1_000_000;

type JsonRefusal = 'too-large' | 'not-utf8' | 'not-json' | 'not-an-object';

export type NetworkReportRefusal =
  | JsonRefusal
  | 'bad-network'
  | 'bad-epoch'
  | 'bad-summary'
  | 'bad-survives'
  | 'bad-forgets'
  | 'too-vague';

export type ParsedNetworkReport =
  | { readonly ok: true; readonly report: NetworkReport }
  | { readonly ok: false; readonly refusal: NetworkReportRefusal };

export type NetworkKnowledgeRefusal =
  | JsonRefusal
  | 'unknown-version'
  | 'bad-network'
  | 'bad-devices'
  | 'bad-weight'
  | 'bad-summary'
  | 'bad-survives'
  | 'bad-forgets'
  | 'bad-spikes';

export type ParsedNetworkKnowledge =
  | { readonly ok: true; readonly knowledge: NetworkKnowledge }
  | { readonly ok: false; readonly refusal: NetworkKnowledgeRefusal };

/** Encodes a report. Times are rounded to tenths of a second, outwards. */
export function encodeNetworkReport({ network, epoch, summary }: NetworkReport): Uint8Array {
  return encode({ network, epoch, summary: summary === null ? null : rangeJson(summary) });
}

/** Decodes a report. Never throws. */
export function parseNetworkReport(bytes: Uint8Array): ParsedNetworkReport {
  const decoded = decode(bytes, MAX_NETWORK_REPORT_BYTES);
  if (typeof decoded === 'string') return { ok: false, refusal: decoded };
  const { network, epoch, summary } = decoded;
  if (typeof network !== 'string' || !isNetworkKey(network)) return { ok: false, refusal: 'bad-network' };
  if (!isCount(epoch)) return { ok: false, refusal: 'bad-epoch' };
  if (summary === null) return { ok: true, report: { network, epoch, summary } };
  const range = parseRange(summary);
  if (typeof range === 'string') return { ok: false, refusal: range };
  const { survivesSeconds, forgetsSeconds } = range;
  if (forgetsSeconds !== null && forgetsSeconds > survivesSeconds * MAX_REPORT_RATIO) {
    return { ok: false, refusal: 'too-vague' };
  }
  return { ok: true, report: { network, epoch, summary: range } };
}

/** Encodes what the fleet knows. Times are rounded to tenths of a second, outwards; weights to hundredths. */
export function encodeNetworkKnowledge(knowledge: NetworkKnowledge): Uint8Array {
  const { network, devices, weight, summary, spikes } = knowledge;
  return encode({
    v: VERSION,
    key: network,
    devices,
    weight: weightJson(weight),
    summary: rangeJson(summary),
    spikes: spikes.map((spike) => ({ ...rangeJson(spike), weight: weightJson(spike.weight) })),
  });
}

/** Decodes what the fleet knows. Never throws. */
export function parseNetworkKnowledge(bytes: Uint8Array): ParsedNetworkKnowledge {
  const decoded = decode(bytes, MAX_NETWORK_KNOWLEDGE_BYTES);
  if (typeof decoded === 'string') return { ok: false, refusal: decoded };
  const { v, key, devices, weight, summary } = decoded;
  if (v !== VERSION) return { ok: false, refusal: 'unknown-version' };
  if (typeof key !== 'string' || !isNetworkKey(key)) return { ok: false, refusal: 'bad-network' };
  if (!isCount(devices) || devices < 1 || devices > MAX_DEVICES) return { ok: false, refusal: 'bad-devices' };
  if (!isWeight(weight, devices)) return { ok: false, refusal: 'bad-weight' };
  const range = parseRange(summary);
  if (typeof range === 'string') return { ok: false, refusal: range };
  const spikes = parseSpikes(decoded.spikes ?? [{ ...Object(summary), weight }], weight);
  if (spikes === null) return { ok: false, refusal: 'bad-spikes' };
  return { ok: true, knowledge: { network: key, devices, weight, summary: range, spikes } };
}

function encode(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

function decode(bytes: Uint8Array, maxBytes: number): Record<string, unknown> | JsonRefusal {
  if (bytes.length > maxBytes) return 'too-large';
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return 'not-utf8';
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'not-json';
  }
  return isObject(value) ? value : 'not-an-object';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Outwards: what is stated must not claim more than what is known. The sliver absorbs binary fractions. */
function rangeJson({ survivesSeconds, forgetsSeconds }: IdleTimeoutRange): Record<string, number | null> {
  const survivesTenths = Math.floor(bounded(survivesSeconds) * 10 + 1e-6);
  const forgetsTenths =
    forgetsSeconds === null ? null : Math.max(Math.ceil(forgetsSeconds * 10 - 1e-6), survivesTenths + 1);
  return {
    survives_seconds: survivesTenths / 10,
    // Also for what is no number.
    forgets_seconds:
      forgetsTenths === null || !(forgetsTenths <= MAX_SECONDS * 10) ? null : forgetsTenths / 10,
  };
}

function bounded(seconds: number): number {
  return Number.isNaN(seconds) ? MIN_SECONDS : Math.min(MAX_SECONDS, Math.max(MIN_SECONDS, seconds));
}

/** Never 0: what has no weight is not stated. */
function weightJson(weight: number): number {
  return Math.max(0.01, Math.round(weight * 100) / 100);
}

function parseRange(value: unknown): IdleTimeoutRange | 'bad-summary' | 'bad-survives' | 'bad-forgets' {
  if (!isObject(value)) return 'bad-summary';
  const survivesSeconds = value.survives_seconds;
  if (!isSeconds(survivesSeconds)) return 'bad-survives';
  const forgetsSeconds = value.forgets_seconds;
  if (forgetsSeconds === null) return { survivesSeconds, forgetsSeconds };
  if (!isSeconds(forgetsSeconds) || forgetsSeconds <= survivesSeconds) return 'bad-forgets';
  return { survivesSeconds, forgetsSeconds };
}

function parseSpikes(value: unknown, weight: number): readonly IdleTimeoutSpike[] | null {
  if (!Array.isArray(value) || value.length < 1 || value.length > MAX_SPIKES) return null;
  const spikes: IdleTimeoutSpike[] = [];
  for (const item of value) {
    const range = parseRange(item);
    if (typeof range === 'string') return null;
    if (!isWeight(item.weight, weight)) return null;
    spikes.push({ ...range, weight: item.weight });
  }
  return spikes;
}

function isSeconds(value: unknown): value is number {
  return typeof value === 'number' && value >= MIN_SECONDS && value <= MAX_SECONDS;
}

function isWeight(value: unknown, max: number): value is number {
  return typeof value === 'number' && value > 0 && value <= max;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0);
}
