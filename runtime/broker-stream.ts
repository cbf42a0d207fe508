/**
 * The byte stream to a broker, as `broker.url` says: TCP, TLS, or a WebSocket over either, through a proxy's tunnel where
 * there is one. MQTT.js has no way to hand `tls.connect` a saved session, so it is built here.
 */
import { readFileSync } from 'node:fs';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { BrokerSettings } from '../config/settings.ts';
import { addressAnswered, addressOptions } from './address-choice.ts';
import type { ConnectStage } from './connect-failure.ts';
import { openTunnel, type Tunnel } from './http-tunnel.ts';
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
  /** The connection that leaves this machine: it knows the addresses. */
  readonly socket: Socket;
  /** The layer of TLS; it knows whether a session was resumed. */
  readonly tls: TLSSocket | null;
  /** What it waits for; `mqtt`: it carries. */
  readonly stage: () => ConnectStage;
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

/** Host and port that `broker.url` means. */
export function endpointOf(url: string): {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
} {
  const parsed = new URL(url);
  const scheme = SCHEMES[parsed.protocol] as Scheme;
  const host = parsed.hostname.replace(/^\[|\]$/g, '');
  return { host, port: Number(parsed.port) || scheme.port, secure: scheme.secure };
}

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
  const { host, port } = endpointOf(options.broker.url);
  const { proxy } = options.broker;
  const { connectTimeoutMs } = options;
  const tunnel = proxy === undefined ? null : openTunnel(proxy, host, port, connectTimeoutMs);
  const addresses = tunnel === null ? addressOptions(host, connectTimeoutMs) : {};
  const socket = scheme.secure
    ? connectTls({
        // The name that the certificate is held against, also where a tunnel leads there.
        host,
        port,
        ...addresses,
        ...(tunnel !== null && { socket: tunnel.stream as Socket }),
        ...files,
        ...(isIP(host) === 0 && { servername: host }),
        ...(options.tlsSession && { session: options.tlsSession }),
        minVersion: 'TLSv1.2',
      })
    : ((tunnel?.stream as Socket | undefined) ?? connectTcp({ host, port, ...addresses }));
  if (tunnel === null)
    socket.setNoDelay(true).once('connect', () => addressAnswered(host, socket.remoteAddress));
  // TLS does not pass on why the stream below it broke.
  else tunnel.stream.once('error', (error) => socket.destroy(error));
  if (scheme.secure && onTlsSession) socket.on('session', onTlsSession);
  const stage = stageOf(socket, tunnel, scheme.secure, isIP(host) !== 0);
  const stream = scheme.webSocket ? openWebSocket(url, socket, options.connectTimeoutMs) : socket;
  const tls = scheme.secure ? (socket as TLSSocket) : null;
  return { stream, socket: tunnel?.socket ?? socket, tls, stage };
}

function stageOf(
  socket: Socket,
  tunnel: Tunnel | null,
  isSecure: boolean,
  isAddress: boolean,
): () => ConnectStage {
  // An address needs no look-up.
  let stage: ConnectStage = tunnel === null && isAddress ? 'tcp' : 'name';
  const at = (next: ConnectStage) => (): void => {
    stage = next;
  };
  const beyond = isSecure ? 'tls' : 'mqtt';
  const first = tunnel?.socket ?? socket;
  first.once('lookup', at('tcp')).once('connect', at(tunnel === null ? beyond : 'proxy'));
  tunnel?.stream.once('agreed', at(beyond));
  if (isSecure) socket.once('secureConnect', at('mqtt'));
  return () => stage;
}
