/** The operator's signing keys: one JWK a file (RFC 8037), readable by its owner alone. */
import {
  chmodSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  statSync,
  writeSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { readTextFile } from '../../config/files.ts';
import { isKeyText } from '../../protocol/configuration.ts';
import { CodedError } from '../../runtime/coded-error.ts';
import { createKeyPair, type KeyPair } from '../../runtime/jws.ts';

const SUFFIX = '.jwk';
const NAME = /^[A-Za-z0-9._-]{1,64}$/;

export interface NamedKey {
  readonly name: string;
  readonly path: string;
  readonly key: KeyPair;
}

/** Where keys lie unless somebody says otherwise. */
export function keyDirectory(env: Readonly<Record<string, string | undefined>>): string {
  return join(env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'keepalivehd', 'keys');
}

/** Makes a key and keeps it. Throws `KEY_NAME`, `KEY_EXISTS`, `KEY_FOLDER`. */
export async function createKey(directory: string, name: string): Promise<NamedKey> {
  if (!NAME.test(name) || name.startsWith('.')) {
    const shown = JSON.stringify(name.slice(0, 70));
    throw new CodedError('KEY_NAME', `${shown} cannot name a key; write 1 to 64 of A-Z a-z 0-9 . _ -`);
  }
  const path = join(directory, `${name}${SUFFIX}`);
  const key = await createKeyPair();
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    // Never over another key: what it signed could not be followed up.
    const file = openSync(path, 'wx', 0o600);
    try {
      writeSync(file, `${JSON.stringify({ kty: 'OKP', crv: 'Ed25519', ...key })}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    chmodSync(path, 0o600);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') {
      throw new CodedError('KEY_EXISTS', `${path} exists; choose another name, or move that key away first`);
    }
    throw new CodedError('KEY_FOLDER', `${path} cannot be written (${code}); name another --directory`);
  }
  return { name, path, key };
}

/** The keys in `directory`, by name. */
export function listKeys(directory: string): readonly NamedKey[] {
  let files: readonly string[];
  try {
    files = readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return files
    .filter((file) => file.endsWith(SUFFIX))
    .sort()
    .map((file) => readKey(join(directory, file), file.slice(0, -SUFFIX.length)));
}

/** The key that `written` means: a path, a name in `directory`, or the only one there. Throws `NO_KEY`, `BAD_KEY`. */
export function findKey(directory: string, written: string | undefined): NamedKey {
  if (written?.includes('/') || written?.endsWith(SUFFIX)) return readKey(written, written);
  const keys = listKeys(directory);
  const [only, ...more] = written === undefined ? keys : keys.filter(({ name }) => name === written);
  if (only !== undefined && more.length === 0) return only;
  if (keys.length === 0) {
    const how = 'make one with keepalivehd fleet keys create NAME, or name one with --key FILE';
    throw new CodedError('NO_KEY', `there is no signing key in ${directory}; ${how}`);
  }
  const names = keys.map(({ name }) => name).join(', ');
  const what =
    written === undefined ? 'there are several keys' : `there is no key named ${written.slice(0, 64)}`;
  throw new CodedError('NO_KEY', `${what}; write --key with one of: ${names}`);
}

function readKey(path: string, name: string): NamedKey {
  const file = readTextFile(path);
  if (!file.ok) throw new CodedError('BAD_KEY', `${path} ${file.problem}; ${file.fix}`);
  const bad = (why: string): CodedError =>
    new CodedError('BAD_KEY', `${path} ${why}; name a file that keepalivehd fleet keys create wrote`);
  // Others who can read it can sign: ssh refuses such keys too.
  if ((statSync(path).mode & 0o077) !== 0) {
    throw new CodedError('BAD_KEY', `${path} can be read by others; run: chmod 600 ${path}`);
  }
  let jwk: Readonly<Record<string, unknown>> | null;
  try {
    jwk = JSON.parse(file.text);
  } catch {
    throw bad('is not JSON');
  }
  const { kty, crv, x, d } = jwk ?? {};
  if (kty !== 'OKP' || crv !== 'Ed25519' || !isKeyText(x)) throw bad('is no Ed25519 key');
  if (!isKeyText(d)) throw bad('holds no private key');
  return { name, path, key: { x, d } };
}
