/** Sorts what can go wrong with a connection into kinds that decide what to do next. Pure. */
import type { BrokerSettings } from '../config/settings.ts';
import { connectAdvice } from './connect-advice.ts';

export type ConnectFailureKind =
  /** No route, or none of the host: try again later. */
  | 'network'
  /** The host answered, nobody listens there: the network works, the broker does not. */
  | 'port-closed'
  | 'name-not-found'
  | 'timeout'
  /** The certificate or the handshake; passes when the clock or the certificate is mended. */
  | 'tls'
  /** The broker does not speak this version of MQTT. */
  | 'protocol-version'
  /** User name, password, client id or permission. */
  | 'refused'
  /** The broker is overloaded or moving. */
  | 'unavailable'
  /** It closed without a word, or sent what is not MQTT. */
  | 'no-answer'
  /** A file that the configuration names cannot be read. */
  | 'local';

export interface ConnectFailure {
  readonly kind: ConnectFailureKind;
  /** For people. */
  readonly message: string;
  /** The key of the configuration to look at first, where one would mend it. */
  readonly key?: string;
  /** What to do about it, in words. */
  readonly fix?: string;
}

/** As `classifyConnectError`, with what to look at in the configuration of this broker. */
export function explainConnectError(error: unknown, broker: BrokerSettings): ConnectFailure {
  return { ...classifyConnectError(error), ...connectAdvice(error, broker) };
}

/** The whole of it in one line. */
export function failureText({ message, key, fix }: ConnectFailure): string {
  return key === undefined ? message : `${message}; see ${key}: ${fix}`;
}

/** CONNACK codes that mean "not this protocol version": MQTT 3.1.1 table 3.1, MQTT 5 section 3.2.2.2. */
const UNSUPPORTED_VERSION = new Set([1, 0x84]);
/** 3.1.1: server unavailable. 5: server unavailable, busy, use another, moved, quota, connection rate. */
const UNAVAILABLE = new Set([3, 0x88, 0x89, 0x97, 0x9c, 0x9d, 0x9f]);

/** Classifies an error of a socket, of TLS, of a file, or of a CONNACK; `null` means closed without a word. */
export function classifyConnectError(error: unknown): ConnectFailure {
  if (!(error instanceof Error)) return { kind: 'no-answer', message: 'closed before the broker answered' };
  const { message } = error;
  const code = 'code' in error ? error.code : undefined;
  if (typeof code === 'number') {
    if (UNSUPPORTED_VERSION.has(code)) return { kind: 'protocol-version', message };
    return { kind: UNAVAILABLE.has(code) ? 'unavailable' : 'refused', message };
  }
  if (typeof code === 'string') return { kind: kindOfCode(code, error), message: explained(code, message) };
  if (message === 'connack timeout') return { kind: 'timeout', message: 'no CONNACK in time' };
  return { kind: 'no-answer', message };
}

/** A device without a battery-backed clock starts in the past, where no certificate is valid yet. */
const DATES: Readonly<Record<string, string>> = {
  CERT_NOT_YET_VALID: 'the clock of this device may be behind',
  CERT_HAS_EXPIRED: 'unless the clock of this device is ahead, it must be renewed',
};

function explained(code: string, message: string): string {
  const hint = DATES[code];
  return hint === undefined ? message || code : `${message}; ${hint}`;
}

function kindOfCode(code: string, error: Error): ConnectFailureKind {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'name-not-found';
  if (code === 'ETIMEDOUT') return 'timeout';
  if ('syscall' in error && (error.syscall === 'open' || error.syscall === 'read') && 'path' in error)
    return 'local';
  if (isTlsCode(code)) return 'tls';
  if (code === 'ECONNREFUSED' || code === 'ECONNRESET' || code === 'EPIPE') return 'port-closed';
  return 'network';
}

function isTlsCode(code: string): boolean {
  return /^(ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|DEPTH_|SELF_SIGNED|UNABLE_TO_|EPROTO|HOSTNAME_|ERR_CRYPTO)/.test(
    code,
  );
}
