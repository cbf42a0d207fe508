/**
 * The one face of jose: JWS in compact form with EdDSA over Ed25519 (RFC 7515, RFC 8037). It is loaded when a document
 * arrives or is signed, not before: most devices never need it, and each megabyte counts.
 */
import { parseCompact } from '../protocol/configuration.ts';
import { parseStrictJson } from '../protocol/strict-json.ts';
import { CodedError } from './coded-error.ts';

export type SignatureRefusal = 'malformed' | 'unknown-algorithm' | 'unknown-key' | 'bad-signature';

export type Verified =
  | { readonly ok: true; readonly payload: Uint8Array; readonly key: string }
  | { readonly ok: false; readonly refusal: SignatureRefusal };

/** An Ed25519 key pair as JWK members (RFC 8037 section 2): `x` is public, `d` must stay secret. */
export interface KeyPair {
  readonly x: string;
  readonly d: string;
}

/** By their own paths: what a device does not call does not come into its bundle. */
const readers = async () => ({
  ...(await import('jose/jws/compact/verify')),
  ...(await import('jose/jwk/thumbprint')),
});
let loading: ReturnType<typeof readers> | null = null;

function loadReaders(): ReturnType<typeof readers> {
  loading ??= readers();
  return loading;
}

/**
 * Checks `text` against the trusted keys (each the `x` of its JWK). The header must be exactly what `signCompact`
 * writes: no other algorithm, no key that the sender brings along, no extension (RFC 8725, 3.1 and 3.10). Never throws.
 */
export async function verifyCompact(
  text: string,
  type: string,
  trusted: readonly string[],
): Promise<Verified> {
  const refuse = (refusal: SignatureRefusal): Verified => ({ ok: false, refusal });
  const parts = parseCompact(text);
  const header = parts && parseStrictJson(parts.header, 1);
  if (!header?.ok || typeof header.value !== 'object' || header.value === null) return refuse('malformed');
  const { alg, kid, typ, ...more } = header.value as Record<string, unknown>;
  if (alg !== 'EdDSA') return refuse('unknown-algorithm');
  if (typ !== type || typeof kid !== 'string' || Object.keys(more).length > 0) return refuse('malformed');
  const { compactVerify } = await loadReaders();
  const keys = await Promise.all(trusted.map(async (x) => ({ x, name: await thumbprint(x) })));
  const key = keys.find(({ name }) => name === kid);
  if (key === undefined) return refuse('unknown-key');
  try {
    const { payload } = await compactVerify(text, jwk(key.x), { algorithms: ['EdDSA'] });
    return { ok: true, payload, key: key.x };
  } catch (error) {
    // A key that is no point on the curve verifies nothing either.
    return refuse((error as { code?: unknown }).code === 'ERR_JWS_INVALID' ? 'malformed' : 'bad-signature');
  }
}

/** Signs `payload`. Throws `BAD_KEY` when `key` is no Ed25519 key pair. */
export async function signCompact(payload: Uint8Array, type: string, key: KeyPair): Promise<string> {
  const { CompactSign } = await import('jose/jws/compact/sign');
  const kid = await thumbprint(key.x);
  try {
    return await new CompactSign(payload)
      .setProtectedHeader({ alg: 'EdDSA', kid, typ: type })
      .sign({ ...jwk(key.x), d: key.d });
  } catch (error) {
    throw new CodedError('BAD_KEY', 'the key is no Ed25519 key pair', { cause: error });
  }
}

/** A new key pair. */
export async function createKeyPair(): Promise<KeyPair> {
  const { generateKeyPair } = await import('jose/key/generate/keypair');
  const { exportJWK } = await import('jose/key/export');
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  const { x, d } = await exportJWK(privateKey);
  if (x === undefined || d === undefined) throw new CodedError('BAD_KEY', 'no key could be made');
  return { x, d };
}

/** The key's name, `kid`: its thumbprint by RFC 7638, SHA-256. */
export async function thumbprint(x: string): Promise<string> {
  const { calculateJwkThumbprint } = await loadReaders();
  return calculateJwkThumbprint(jwk(x));
}

const jwk = (x: string) => ({ kty: 'OKP', crv: 'Ed25519', x, alg: 'EdDSA' }) as const;
