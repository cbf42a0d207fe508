/**
 * The TLS session to resume (RFC 8446 section 2.2, RFC 5077), kept over restarts: a full handshake is thousands of
 * bytes and two more round trips. As secret as a key, so the file is the agent's alone; and flash is written seldom,
 * although TLS 1.3 hands out new tickets at every connection: when there is none, when it is old, and when leaving.
 */
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { BrokerSettings } from '../../config/settings.ts';
import type { Log } from '../../runtime/log.ts';
import { readSmallFile } from '../../runtime/small-file.ts';
import { notWritten, writeState } from './state-file.ts';

const FILE = 'tls-session.json';
const VERSION = 1;
/** A session with a chain of certificates has some kilobytes. */
const MAX_BYTES = 64 * 1024;
/** RFC 8446 section 4.6.1: no ticket lives longer than a week; brokers mostly give hours. */
const RENEW_AFTER_MS = 12 * 3_600_000;

export interface TlsTicket {
  /** The newest session, to be offered at the next connect; null: none. */
  readonly current: () => Buffer | null;
  /** The broker gave a new one. */
  renew(session: Buffer): void;
  /** It brought a failed handshake: neither kept nor tried again. */
  drop(): void;
  /** Before a long pause: the newest one goes to flash. */
  keep(): void;
}

interface SavedTicket {
  readonly session: string;
  readonly savedMs: number;
}

/**
 * Opens `<stateDirectory>/tls-session.json`. One of another broker, authority or client certificate is not offered; a
 * damaged file is as none. `wallMs` dates the file.
 */
export function openTlsTicket(
  stateDirectory: string,
  broker: BrokerSettings,
  log: Log,
  wallMs: () => number,
): TlsTicket {
  const path = join(stateDirectory, FILE);
  const bound = identityOf(broker);
  const saved = read(path, bound);
  let session: Buffer | null = saved === null ? null : Buffer.from(saved.session, 'base64');
  let savedMs = saved?.savedMs ?? null;
  let isSaved = true;
  let isOnDisk = saved !== null;
  const write = (): void => {
    if (session === null || isSaved) return;
    savedMs = wallMs();
    isSaved = true;
    isOnDisk = true;
    const ticket: SavedTicket = { session: session.toString('base64'), savedMs };
    writeState(path, `${JSON.stringify({ version: VERSION, bound, ...ticket })}\n`, log);
  };
  return {
    current: () => session,
    renew(next) {
      session = next;
      isSaved = false;
      // A clock that was set meanwhile may have gone back.
      if (savedMs === null || Math.abs(wallMs() - savedMs) >= RENEW_AFTER_MS) write();
    },
    drop() {
      session = null;
      savedMs = null;
      isSaved = true;
      // A broker that nobody can verify is tried for days: once is enough, also where it does not work.
      if (!isOnDisk) return;
      isOnDisk = false;
      try {
        rmSync(path, { force: true });
      } catch (error) {
        // It stays, and is offered once more at the next start.
        notWritten(path, error, log);
      }
    },
    keep: write,
  };
}

/** What a session is good for: resuming it with another would, at best, cost a round trip. */
function identityOf({ url, caFile, certFile }: BrokerSettings): string {
  return createHash('sha256')
    .update(JSON.stringify([url, caFile, certFile]))
    .digest('base64url')
    .slice(0, 22);
}

function read(path: string, bound: string): SavedTicket | null {
  try {
    const text: unknown = JSON.parse(readSmallFile(path, MAX_BYTES));
    if (typeof text !== 'object' || text === null) return null;
    const { version, bound: to, session, savedMs } = text as Record<string, unknown>;
    if (version !== VERSION || to !== bound) return null;
    return typeof session === 'string' && typeof savedMs === 'number' ? { session, savedMs } : null;
  } catch {
    return null;
  }
}
