/**
 * What a device says of its configuration (`khd/1/<device>/config/report`, retained): what it runs, and what became
 * of the last document it heard. JSON, strict on every field that it knows; extra fields are ignored, so that a newer
 * agent can talk to an older monitor.
 */
import { formatTarget, parseTarget, type Target } from './configuration.ts';
import { parseStrictJson } from './strict-json.ts';

export interface DocumentName {
  readonly target: Target;
  readonly version: number;
  /** First 16 hexadecimal digits of the SHA-256 of the compact JWS. */
  readonly hash: string;
}

export const CONFIGURATION_STATES = ['trying', 'confirmed', 'rolled-back', 'refused'] as const;
export type ConfigurationState = (typeof CONFIGURATION_STATES)[number];

export interface DocumentFate {
  /** Null as `version`: the document could not be read so far. */
  readonly target: Target | null;
  readonly version: number | null;
  readonly hash: string;
  readonly state: ConfigurationState;
  /** Why it was refused or rolled back; null otherwise. */
  readonly reason: string | null;
  /** For people. */
  readonly detail: string;
  /** From 1: how often it was tried. */
  readonly attempt: number;
}

export interface ConfigurationReport {
  /** The session that says so, as in the status. */
  readonly epoch: number;
  /** The confirmed documents in force. */
  readonly running: readonly DocumentName[];
  readonly last: DocumentFate | null;
  /** How many documents were refused, by reason. */
  readonly refusals: Readonly<Record<string, number>>;
  /** Pushed keys that the device's environment or command line overrides. */
  readonly overridden: readonly string[];
}

export const MAX_CONFIGURATION_REPORT_BYTES = 8192;
const MAX_RUNNING = 17;
const MAX_REASONS = 32;
export const MAX_OVERRIDDEN = 16;
const MAX_DETAIL = 200;
const MAX_DEPTH = 4;
const REASON = /^[a-z][a-z-]{0,39}$/;
const HASH = /^[0-9a-f]{16}$/;

export type ReportRefusal =
  | 'too-large'
  | 'not-utf8'
  | 'not-json'
  | 'duplicate-key'
  | 'too-deep'
  | 'not-an-object'
  | `bad-${'version' | 'epoch' | 'running' | 'last' | 'refusals' | 'overridden'}`;

export type ParsedReport =
  | { readonly ok: true; readonly report: ConfigurationReport }
  | { readonly ok: false; readonly refusal: ReportRefusal };

/** Encodes a report; what is too long is cut, so that what was encoded always parses. */
export function encodeReport({
  epoch,
  running,
  last,
  refusals,
  overridden,
}: ConfigurationReport): Uint8Array {
  const named = ({ target, version, hash }: DocumentName) => ({
    target: formatTarget(target),
    version,
    hash,
  });
  return new TextEncoder().encode(
    JSON.stringify({
      v: 1,
      epoch,
      running: running.slice(0, MAX_RUNNING).map(named),
      last: last && {
        ...last,
        target: last.target && formatTarget(last.target),
        detail: [...last.detail].slice(0, MAX_DETAIL / 2).join(''),
      },
      refusals: Object.fromEntries(Object.entries(refusals).slice(0, MAX_REASONS)),
      overridden: overridden.slice(0, MAX_OVERRIDDEN),
    }),
  );
}

/** Decodes a report. Never throws. */
export function parseReport(bytes: Uint8Array): ParsedReport {
  const refuse = (refusal: ReportRefusal): ParsedReport => ({ ok: false, refusal });
  if (bytes.length > MAX_CONFIGURATION_REPORT_BYTES) return refuse('too-large');
  const json = parseStrictJson(bytes, MAX_DEPTH);
  if (!json.ok) return refuse(json.refusal);
  if (!isObject(json.value)) return refuse('not-an-object');
  const { v, epoch, running, last, refusals, overridden } = json.value;
  if (v !== 1) return refuse('bad-version');
  if (!isCount(epoch)) return refuse('bad-epoch');
  const names = parseRunning(running);
  if (names === null) return refuse('bad-running');
  const fate = last === null ? null : parseFate(last);
  if (fate === undefined) return refuse('bad-last');
  if (!isRefusals(refusals)) return refuse('bad-refusals');
  if (!isOverridden(overridden)) return refuse('bad-overridden');
  return { ok: true, report: { epoch, running: names, last: fate, refusals, overridden } };
}

function parseRunning(value: unknown): readonly DocumentName[] | null {
  if (!Array.isArray(value) || value.length > MAX_RUNNING) return null;
  const names = value.map(parseName);
  return names.every((name) => name !== null) ? names : null;
}

function parseName(value: unknown): DocumentName | null {
  if (!isObject(value)) return null;
  const { version, hash } = value;
  const target = targetOf(value.target);
  if (target === null || !isVersion(version) || !isHash(hash)) return null;
  return { target, version, hash };
}

function parseFate(value: unknown): DocumentFate | undefined {
  if (!isObject(value)) return undefined;
  const { version, hash, state, reason, detail, attempt } = value;
  const target = value.target === null ? null : targetOf(value.target);
  if (value.target !== null && target === null) return undefined;
  if ((version !== null && !isVersion(version)) || !isHash(hash) || !isState(state)) return undefined;
  if (reason !== null && !(typeof reason === 'string' && REASON.test(reason))) return undefined;
  if (typeof detail !== 'string' || detail.length > MAX_DETAIL || !isVersion(attempt)) return undefined;
  return { target, version, hash, state, reason, detail, attempt };
}

const targetOf = (value: unknown): Target | null => (typeof value === 'string' ? parseTarget(value) : null);

const isState = (value: unknown): value is ConfigurationState =>
  CONFIGURATION_STATES.some((state) => state === value);

const isHash = (value: unknown): value is string => typeof value === 'string' && HASH.test(value);

const isVersion = (value: unknown): value is number => isCount(value) && value > 0;

function isRefusals(value: unknown): value is Readonly<Record<string, number>> {
  if (!isObject(value)) return false;
  const entries = Object.entries(value);
  return (
    entries.length <= MAX_REASONS && entries.every(([name, count]) => REASON.test(name) && isCount(count))
  );
}

function isOverridden(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) &&
    value.length <= MAX_OVERRIDDEN &&
    value.every((key) => typeof key === 'string' && key.length <= 100)
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0);
}
