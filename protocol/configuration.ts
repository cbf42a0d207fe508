/**
 * A pushed configuration: a JWS in compact form (RFC 7515, EdDSA by RFC 8037) around a JSON document. Read strictly:
 * what is not understood is refused, for a device that guesses at its settings is a device lost.
 */
import { type JsonRefusal, parseStrictJson } from './strict-json.ts';
import { isDeviceName, isGroupName } from './topics.ts';

/** Of the whole JWS. A group's settings take some hundred bytes. */
export const MAX_CONFIGURATION_BYTES = 16 * 1024;
const MAX_DEPTH = 8;
export const MAX_TRUSTED_KEYS = 8;
export const MIN_CONFIRM_WITHIN_SECONDS = 30;
export const MAX_CONFIRM_WITHIN_SECONDS = 86_400;
/** `typ` of the protected header: a token signed for another purpose with the same key is none of ours (RFC 8725, 3.11). */
export const CONFIGURATION_TYPE = 'khd-config+jwt';

export interface Target {
  readonly kind: 'device' | 'group';
  readonly name: string;
}

/** What the operator signed. Times in seconds since 1970. */
export interface ConfigurationDocument {
  readonly target: Target;
  /** Grows with every document of a target. */
  readonly version: number;
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** How long a device may take to prove its connection under these settings. */
  readonly confirmWithinSeconds: number;
  /** Nested as in the agent's file, values as one writes them there. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** The keys to trust from now on, as `fleet.trusted_keys`; null: as before. */
  readonly trustedKeys: readonly string[] | null;
}

/** `field`: which one, and what is wrong with it, for people. */
export type ParsedDocument =
  | { readonly ok: true; readonly document: ConfigurationDocument }
  | { readonly ok: false; readonly refusal: JsonRefusal | 'bad-field'; readonly detail: string };

/** `group:pilot`, `device:pump-17`. */
export function formatTarget({ kind, name }: Target): string {
  return `${kind}:${name}`;
}

/** The reverse of `formatTarget`; null when it is no target. */
export function parseTarget(text: string): Target | null {
  const colon = text.indexOf(':');
  const kind = text.slice(0, colon);
  const name = text.slice(colon + 1);
  if (kind === 'group' && isGroupName(name)) return { kind, name };
  if (kind === 'device' && isDeviceName(name)) return { kind, name };
  return null;
}

/** Encodes the signed content. */
export function encodeDocument(document: ConfigurationDocument): Uint8Array {
  const { target, version, issuedAt, expiresAt, confirmWithinSeconds, settings, trustedKeys } = document;
  return new TextEncoder().encode(
    JSON.stringify({
      v: 1,
      target: formatTarget(target),
      version,
      issued_at: issuedAt,
      expires_at: expiresAt,
      confirm_within: confirmWithinSeconds,
      settings,
      ...(trustedKeys !== null && { trusted_keys: trustedKeys }),
    }),
  );
}

const FIELDS = [
  'v',
  'target',
  'version',
  'issued_at',
  'expires_at',
  'confirm_within',
  'settings',
  'trusted_keys',
];

export interface CompactParts {
  readonly header: Uint8Array;
  /** Of which nothing is known before the signature was checked. */
  readonly payload: Uint8Array;
}

/** Splits a JWS in compact form (RFC 7515 section 7.1); null when it is none, or not in base64url's one form. Never throws. */
export function parseCompact(text: string): CompactParts | null {
  const parts = text.split('.').map(decodeBase64url);
  const [header, payload, signature] = parts;
  if (parts.length !== 3 || !header?.length || !payload?.length || !signature?.length) return null;
  return { header, payload };
}

/** Null also when the bits left over are not 0: no second text may say the same (RFC 4648 section 3.5). */
function decodeBase64url(text: string): Uint8Array | null {
  if (!/^[\w-]*$/.test(text) || text.length % 4 === 1) return null;
  const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) =>
    char.charCodeAt(0),
  );
  const again = btoa(String.fromCharCode(...bytes.slice(-(bytes.length % 3 || 3))));
  const tail = text.slice(-(text.length % 4 || 4));
  const same = again.replaceAll('=', '').replaceAll('+', '-').replaceAll('/', '_') === tail;
  return same || bytes.length === 0 ? bytes : null;
}

/** Decodes the signed content. Never throws. Whether its signature is right is decided before. */
export function parseDocument(bytes: Uint8Array): ParsedDocument {
  const json = parseStrictJson(bytes, MAX_DEPTH);
  if (!json.ok) return { ok: false, refusal: json.refusal, detail: json.refusal };
  if (!isObject(json.value)) return bad('the document is not an object');
  const value = json.value;
  const unknown = Object.keys(value).find((name) => !FIELDS.includes(name));
  if (unknown !== undefined) return bad(`${unknown.slice(0, 40)} is not a known field`);
  const target = typeof value.target === 'string' ? parseTarget(value.target) : null;
  const { version, issued_at: issuedAt, expires_at: expiresAt, settings } = value;
  const confirmWithinSeconds = value.confirm_within;
  const trustedKeys = value.trusted_keys ?? null;
  if (value.v !== 1) return bad('v is not 1');
  if (target === null) return bad('target is neither group:<name> nor device:<name>');
  if (!isCount(version) || version === 0) return bad('version is not a whole number from 1');
  if (!isCount(issuedAt)) return bad('issued_at is not a time in whole seconds');
  if (!isCount(expiresAt) || expiresAt <= issuedAt) return bad('expires_at is not a time after issued_at');
  if (!isWithin(confirmWithinSeconds)) return bad('confirm_within is not within 30 and 86400 s');
  if (!isObject(settings)) return bad('settings is not an object');
  if (trustedKeys !== null && !isKeys(trustedKeys)) return bad('trusted_keys is not a list of 1 to 8 keys');
  return {
    ok: true,
    document: { target, version, issuedAt, expiresAt, confirmWithinSeconds, settings, trustedKeys },
  };
}

/** A public key as configured: `x` of an Ed25519 JWK (RFC 8037 section 2), 32 bytes in base64url without padding. */
export function isKeyText(value: unknown): value is string {
  // 43 digits hold 258 bits; the last two of them must be 0, or the same key could be written in four ways.
  return typeof value === 'string' && /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/.test(value);
}

function bad(detail: string): ParsedDocument {
  return { ok: false, refusal: 'bad-field', detail };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0);
}

function isWithin(value: unknown): value is number {
  return isCount(value) && value >= MIN_CONFIRM_WITHIN_SECONDS && value <= MAX_CONFIRM_WITHIN_SECONDS;
}

function isKeys(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) &&
    value.length >= 1 &&
    value.length <= MAX_TRUSTED_KEYS &&
    value.every(isKeyText) &&
    new Set(value).size === value.length
  );
}
