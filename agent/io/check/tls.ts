/** TLS with the broker: its version and certificate, and whether a second handshake is resumed. */
import type { TLSSocket } from 'node:tls';
import type { BrokerSettings } from '../../../config/settings.ts';
import {
  type BrokerStream,
  endpointOf,
  openBrokerStream,
  readTlsFiles,
} from '../../../runtime/broker-stream.ts';
import { type CheckFinding, doubtful, fine } from '../../../runtime/check-finding.ts';
import { ended, failedStep } from './way.ts';

/** TLS 1.3 hands its tickets out after the handshake, and there too comes a refusal of our certificate. */
const TICKET_MS = 2000;
const SOON_DAYS = 14;
const DAY_MS = 86_400_000;

export async function checkTls(broker: BrokerSettings): Promise<readonly CheckFinding[]> {
  if (!endpointOf(broker.url).secure) return [];
  const first = await shakeHands(broker, null);
  if ('error' in first) return [failedStep('tls', first.error, broker)];
  const { session, described, daysLeft } = first;
  const certificate =
    daysLeft < SOON_DAYS
      ? doubtful('tls', `${described}, ends in ${daysLeft} days`, 'have the broker’s certificate renewed')
      : fine('tls', `${described}, ${daysLeft} days left`);
  if (session === null) return [certificate, NOT_RESUMED];
  const second = await shakeHands(broker, session);
  const isResumed = !('error' in second) && second.isResumed;
  return [certificate, isResumed ? fine('resumption', 'the second handshake was resumed') : NOT_RESUMED];
}

const NOT_RESUMED = doubtful(
  'resumption',
  'the second handshake was a whole one again',
  'let the broker hand out session tickets: each reconnect costs some kilobytes more',
);

interface Shaken {
  readonly session: Buffer | null;
  readonly isResumed: boolean;
  readonly described: string;
  readonly daysLeft: number;
}

async function shakeHands(
  broker: BrokerSettings,
  tlsSession: Buffer | null,
): Promise<Shaken | { readonly error: unknown }> {
  let session: Buffer | null = null;
  let opened: BrokerStream;
  const { host, port } = endpointOf(broker.url);
  // Without the WebSocket, which comes after.
  const url = `mqtts://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const options = {
    broker: { ...broker, url },
    connectTimeoutMs: broker.connectTimeoutSeconds * 1000,
    ...(tlsSession && { tlsSession }),
  };
  try {
    opened = openBrokerStream(options, readTlsFiles(broker), (given) => {
      session = given;
    });
  } catch (error) {
    return { error };
  }
  const tls = opened.tls as TLSSocket;
  let shaken: Omit<Shaken, 'session'> | null = null;
  const error = await ended(broker, tls, (done) => {
    tls.once('secureConnect', () => {
      shaken = describe(tls);
      setTimeout(done, tlsSession === null ? TICKET_MS : 0);
      if (tlsSession === null) tls.once('session', () => setTimeout(done, 200));
    });
  });
  if (error !== null || shaken === null) return { error };
  return { ...(shaken as Omit<Shaken, 'session'>), session };
}

function describe(tls: TLSSocket): Omit<Shaken, 'session'> {
  const { subject, issuer, valid_to: validTo } = tls.getPeerCertificate();
  const named = [subject?.CN, issuer?.CN].map((name) => String(name ?? 'unnamed'));
  return {
    isResumed: tls.isSessionReused(),
    described: `${tls.getProtocol() ?? 'TLS'}, ${tls.getCipher()?.name ?? '?'}, certificate of ${named[0]} by ${named[1]}`,
    daysLeft: Math.floor((Date.parse(validTo) - Date.now()) / DAY_MS),
  };
}
