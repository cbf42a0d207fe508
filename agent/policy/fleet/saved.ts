/** The record as it lies on flash: JSON that is either understood whole or not used. */
import { formatTarget, parseCompact, parseDocument, parseTarget } from '../../../protocol/configuration.ts';
import type { Accepted, Candidate, FleetRecord, HeardDocument, PushedKeys, TrialFailure } from './types.ts';

const VERSION = 1;
/** Sixteen groups and the device itself, twice over. */
const MAX_DOCUMENTS = 34;

/** A name of the text that nobody can give to another: the first 16 hex digits of its SHA-256. */
export type Hash = (text: string) => string;

/** The file's content. */
export function encodeRecord(record: FleetRecord): string {
  const { candidate, keys } = record;
  return `${JSON.stringify({
    version: VERSION,
    accepted: record.accepted,
    confirmed: record.confirmed.map(saved),
    candidate:
      candidate === null
        ? null
        : { ...saved(candidate.heard), attempt: candidate.attempt, revert_at: candidate.revertAtSeconds },
    keys: keys === null ? null : { bound_to: keys.boundTo, keys: keys.keys },
    last: record.last && { ...record.last, target: record.last.target && formatTarget(record.last.target) },
    seen: record.seenSeconds,
  })}\n`;
}

function saved({ hash, text }: HeardDocument): { readonly hash: string; readonly text: string } {
  return { hash, text };
}

/** What the file holds; null: it was damaged, or not written by us. Never throws. */
export function parseRecord(text: string, hash: Hash): FleetRecord | null {
  try {
    return read(JSON.parse(text), hash);
  } catch (error) {
    if (error instanceof Damaged || error instanceof SyntaxError) return null;
    throw error;
  }
}

class Damaged extends Error {}

function need(holds: boolean): asserts holds {
  if (!holds) throw new Damaged();
}

function read(value: unknown, hash: Hash): FleetRecord {
  const file = object(value);
  need(file.version === VERSION);
  const { confirmed, candidate } = file;
  need(Array.isArray(confirmed) && confirmed.length <= MAX_DOCUMENTS);
  return {
    accepted: readAccepted(file.accepted),
    confirmed: confirmed.map((each) => readDocument(each, hash)),
    candidate: candidate === null ? null : readCandidate(candidate, hash),
    keys: file.keys === null ? null : readKeys(file.keys),
    last: file.last === null ? null : readOutcome(file.last),
    seenSeconds: whole(file.seen),
  };
}

function readDocument(value: unknown, hash: Hash): HeardDocument {
  const { hash: stated, text } = object(value);
  need(typeof text === 'string' && hash(text) === stated);
  const compact = parseCompact(text);
  need(compact !== null);
  const parsed = parseDocument(compact.payload);
  need(parsed.ok);
  return { target: formatTarget(parsed.document.target), hash: stated, text, document: parsed.document };
}

function readCandidate(value: unknown, hash: Hash): Candidate {
  const { attempt, revert_at: revertAt } = object(value);
  return { heard: readDocument(value, hash), attempt: whole(attempt), revertAtSeconds: whole(revertAt) };
}

function readAccepted(value: unknown): Readonly<Record<string, Accepted>> {
  const entries = Object.entries(object(value)).map(([target, each]) => {
    const { version, hash, attempts, failure } = object(each);
    need(typeof hash === 'string' && (failure === null || isFailure(failure)));
    return [target, { version: whole(version), hash, attempts: whole(attempts), failure }] as const;
  });
  return Object.fromEntries(entries);
}

const FAILURES: Readonly<Record<TrialFailure, true>> = {
  'no-connection': true,
  'tls-failed': true,
  'refused-by-broker': true,
  'no-answers': true,
  late: true,
  superseded: true,
  'cannot-store': true,
  'cannot-apply': true,
  interrupted: true,
  'network-out': true,
};

function isFailure(value: unknown): value is TrialFailure {
  return typeof value === 'string' && Object.hasOwn(FAILURES, value);
}

function readKeys(value: unknown): PushedKeys {
  const { bound_to: boundTo, keys } = object(value);
  need(typeof boundTo === 'string' && isTexts(keys) && keys.length > 0);
  return { boundTo, keys };
}

function readOutcome(value: unknown): FleetRecord['last'] {
  const { target, version, hash, state, reason, detail, attempt } = object(value);
  const about = typeof target === 'string' ? parseTarget(target) : null;
  need(about !== null && typeof hash === 'string' && typeof detail === 'string');
  need(state === 'trying' || state === 'confirmed' || state === 'rolled-back' || state === 'refused');
  need(reason === null || typeof reason === 'string');
  return {
    target: about,
    version: version === null ? null : whole(version),
    hash,
    state,
    reason,
    detail,
    attempt: whole(attempt),
  };
}

function object(value: unknown): Readonly<Record<string, unknown>> {
  need(typeof value === 'object' && value !== null && !Array.isArray(value));
  return value as Readonly<Record<string, unknown>>;
}

function whole(value: unknown): number {
  need(typeof value === 'number' && Number.isSafeInteger(value) && value >= 0);
  return value;
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}
