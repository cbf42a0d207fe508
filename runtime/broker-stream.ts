/**
 * The byte stream to a broker, as `broker.url` says: TCP, TLS, or a WebSocket over either. MQTT.js has no way to hand
 * `tls.connect` a saved session, so it is built here.
 */
import { readFileSync } from 'node:fs';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { BrokerSettings } from '../config/settings.ts';
import { openWebSocket } from './websocket.ts';

export interface BrokerStreamOptions {
  readonly broker: BrokerSettings;
  readonly connectTimeoutMs: number;
  /** A TLS session to resume. */
  readonly tlsSession?: Buffer;
}

export interface BrokerStream {
  /** What MQTT is spoken on. */
  readonly stream: Duplex;
  /** What lies below it: it knows the addresses, and whether TLS was resumed. */
  readonly socket: Socket | TLSSocket;
}

export interface TlsFiles {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

interface Scheme {
  readonly port: number;
  readonly secure: boolean;
  readonly webSocket: boolean;
}

const SCHEMES: Readonly<Record<string, Scheme>> = {
  'mqtt:': { port: 1883, secure: false, webSocket: false },
  'mqtts:': { port: 8883, secure: true, webSocket: false },
  'ws:': { port: 80, secure: false, webSocket: true },
  'wss:': { port: 443, secure: true, webSocket: true },
};

/** Read at every connect, so that a renewed certificate needs no restart. */
export function readTlsFiles({ caFile, certFile, keyFile }: BrokerSettings): TlsFiles {
  return {
    ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }),
    ...(certFile === undefined ? {} : { cert: readFileSync(certFile) }),
    ...(keyFile === undefined ? {} : { key: readFileSync(keyFile) }),
  };
}

/** Starts to connect. The URL has one of the schemes that the configuration allows. */
export function openBrokerStream(
  options: BrokerStreamOptions,
  files: TlsFiles,
  onTlsSession: ((session: Buffer) => void) | undefined,
): BrokerStream {
  const url = new URL(options.broker.url);
  const scheme = SCHEMES[url.protocol] as Scheme;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = Number(url.port) || scheme.port;
  const socket = scheme.secure
    ? connectTls({
        host,
        port,
        ...files,
        ...(isIP(host) === 0 && { servername: host }),
        ...(options.tlsSession && { session: options.tlsSession }),
        minVersion: 'TLSv1.2',
      })
    : connectTcp({ host, port });
  socket.setNoDelay(true);
  if (scheme.secure && onTlsSession) socket.on('session', onTlsSession);
  return { stream: scheme.webSocket ? openWebSocket(url, socket, options.connectTimeoutMs) : socket, socket };
}
