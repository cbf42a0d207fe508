/** Sorts what can go wrong with a connection into kinds that decide what to do next. Pure. */
import type { BrokerSettings } from '../config/settings.ts';
import { CodedError } from './coded-error.ts';
import { connectAdvice, type Role } from './connect-advice.ts';

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

/** How far a connection has come: what it waits for now. */
export type ConnectStage = 'name' | 'tcp' | 'proxy' | 'tls' | 'mqtt';

/** Codes that others use for the same, so that the advice is the same. */
const TIMED_OUT: Readonly<Record<ConnectStage, { readonly code: string; readonly message: string }>> = {
  name: { code: 'EAI_AGAIN', message: 'the name was not looked up in time' },
  tcp: { code: 'ETIMEDOUT', message: 'TCP was not answered in time' },
  proxy: { code: 'PROXY_REFUSED', message: 'the proxy took the connection and did not answer in time' },
  tls: {
    code: 'ERR_TLS_HANDSHAKE_TIMEOUT',
    message: 'TCP was accepted, TLS not answered in time',
  },
  mqtt: { code: 'CONNACK_TIMEOUT', message: 'no CONNACK in time' },
};

/** The error of a connection that `broker.connect_timeout` has ended at `stage`. */
export function timedOutAt(stage: ConnectStage): CodedError {
  const { code, message } = TIMED_OUT[stage];
  return new CodedError(code, message);
}

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
export function explainConnectError(error: unknown, broker: BrokerSettings, role?: Role): ConnectFailure {
  return { ...classifyConnectError(error), ...connectAdvice(error, broker, role) };
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
  if (typeof code === 'string')
    return { kind: kindOfCode(code, error), message: explained(code, wordsOf(error)) };
  return { kind: 'no-answer', message };
}

/** Of a name with several addresses Node tells what befell each, and nothing of them all. */
function wordsOf(error: Error): string {
  if (!(error instanceof AggregateError) || error.message !== '') return error.message;
  return error.errors.map((each) => (each instanceof Error ? each.message : String(each))).join(', ');
}

/** A device without a battery-backed clock starts in the past, where no certificate is valid yet. */
const DATES: Readonly<Record<string, string>> = {
  CERT_NOT_YET_VALID: 'the clock of this device may be behind',
  CERT_HAS_EXPIRED: 'unless the clock of this device is ahead, it must be renewed',
};

/** Of this device's own kernel, before anything was sent. */
const NO_NETWORK: ReadonlySet<string> = new Set(['ENETUNREACH', 'ENETDOWN', 'EADDRNOTAVAIL']);

function explained(code: string, message: string): string {
  if (NO_NETWORK.has(code)) return `this device has no way to the broker's network (${message || code})`;
  const hint = DATES[code];
  return hint === undefined ? message || code : `${message}; ${hint}`;
}

function kindOfCode(code: string, error: Error): ConnectFailureKind {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'name-not-found';
  if (code === 'ETIMEDOUT' || code === 'CONNACK_TIMEOUT' || code === 'ERR_TLS_HANDSHAKE_TIMEOUT')
    return 'timeout';
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
