/**
 * The file of byte code that an installation makes of the program, so that a start compiles nothing. V8 checks that
 * its own version and flags are those of the file, but neither that the bytes are whole nor that they belong to this
 * text: a file of another release, or a bit that flash has lost, would run as it is.
 */
import { createHash } from 'node:crypto';

/** What the byte code was made by: another Node or other options make another. */
export function madeBy(
  versions: Pick<NodeJS.ProcessVersions, 'node' | 'v8'>,
  architecture: string,
  nodeOptions: readonly string[],
): string {
  return `byte code of keepalivehd; node ${versions.node}, v8 ${versions.v8}, ${architecture}; ${nodeOptions.join(' ')}`;
}

/** Two lines of text, what made it and a digest, and then `byteCode`. */
export function seal(maker: string, program: string, byteCode: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`${maker}\n${digestOf(program, byteCode)}\n`), byteCode]);
}

/** The byte code in `file`, or null where it is not of this maker, not of this program, or not whole. */
export function open(maker: string, program: string, file: Uint8Array): Uint8Array | null {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const digestAt = Buffer.byteLength(maker) + 1;
  const codeAt = digestAt + DIGEST_LENGTH + 1;
  if (bytes.length < codeAt || bytes.toString('utf8', 0, digestAt) !== `${maker}\n`) return null;
  const byteCode = bytes.subarray(codeAt);
  const digest = bytes.toString('latin1', digestAt, codeAt);
  return digest === `${digestOf(program, byteCode)}\n` ? byteCode : null;
}

/** SHA-256 in hexadecimal. */
const DIGEST_LENGTH = 64;

function digestOf(program: string, byteCode: Uint8Array): string {
  return createHash('sha256').update(program).update(byteCode).digest('hex');
}
