/** A connection to the broker that goes no further than TCP and TLS, until somebody speaks MQTT on it. */
import type { BrokerSettings } from '../../config/settings.ts';
import { type BrokerStream, openBrokerStream, readTlsFiles } from '../../runtime/broker-stream.ts';
import { monotonicMs } from '../../runtime/monotonic.ts';

export interface BesideOptions {
  readonly broker: BrokerSettings;
  readonly connectTimeoutMs: number;
  readonly tlsSession?: Buffer;
}

export interface BesideEvents {
  /** It can carry. `tcpMs`: from the SYN to its answer. */
  readonly onUp: (tcpMs: number) => void;
  /** Once, before it was taken: there is none, or no more. */
  readonly onFailed: (detail: string) => void;
  readonly onTlsSession: (session: Buffer) => void;
}

export interface Beside {
  /** Hands the connection over; null: it has ended. */
  take(): BrokerStream | null;
  drop(): void;
}

/** Starts to connect. Never throws; it has no time limit of its own. */
export function openBeside(options: BesideOptions, events: BesideEvents): Beside {
  let given = false;
  const fail = (error: Error | null): void => {
    if (given) return;
    given = true;
    events.onFailed(error?.message ?? 'closed by the other end');
  };
  let opened: BrokerStream;
  try {
    opened = openBrokerStream(options, readTlsFiles(options.broker), events.onTlsSession);
  } catch (error) {
    queueMicrotask(() => fail(error instanceof Error ? error : null));
    return { take: () => null, drop: () => {} };
  }
  const { stream, socket, tls } = opened;
  let tcpMs = 0;
  let startedMs = monotonicMs();
  // Names are looked up before, and addresses that do not answer are tried before: neither is the SYN's wait.
  const attempt = (): void => {
    startedMs = monotonicMs();
  };
  socket.on('lookup', attempt).on('connectionAttempt', attempt);
  socket.once('connect', () => {
    tcpMs = monotonicMs() - startedMs;
    if (tls === null) events.onUp(tcpMs);
  });
  tls?.once('secureConnect', () => events.onUp(tcpMs));
  let lastError: Error | null = null;
  // Kept for good: an error that nobody hears would end the process.
  stream.on('error', (error: Error) => {
    lastError = error;
  });
  stream.once('close', () => fail(lastError));
  return {
    take() {
      const taken = !given && !stream.destroyed;
      given = true;
      return taken ? opened : null;
    },
    drop() {
      given = true;
      stream.destroy();
    },
  };
}
