/**
 * A way through an HTTP proxy (CONNECT, RFC 9110 section 9.3.6): a stream that may be written to at once, and that
 * begins to carry when the proxy has agreed.
 */
import { connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { ProxySettings } from '../config/settings.ts';
import { addressAnswered, addressOptions } from './address-choice.ts';
import { CodedError } from './coded-error.ts';

export interface Tunnel {
  /** Emits `agreed` when the proxy has let it through. */
  readonly stream: Duplex;
  /** The connection to the proxy: it knows the addresses. */
  readonly socket: Socket;
}

/** A proxy that answers with more than this is none. */
const MAX_HEAD_BYTES = 8192;
const END_OF_HEAD = '\r\n\r\n';

/** Connects to the proxy and asks it for `host:port`. What fails ends the stream with an error that names it. */
export function openTunnel(
  proxy: ProxySettings,
  host: string,
  port: number,
  connectTimeoutMs: number,
): Tunnel {
  const url = new URL(proxy.url);
  const proxyHost = url.hostname.replace(/^\[|\]$/g, '');
  const addresses = addressOptions(proxyHost, connectTimeoutMs);
  const socket = connect({ host: proxyHost, port: Number(url.port) || 80, ...addresses });
  socket.setNoDelay(true).once('connect', () => addressAnswered(proxyHost, socket.remoteAddress));
  return { stream: new TunnelStream(socket, requestText(proxy, host, port)), socket };
}

function requestText({ username, password }: ProxySettings, host: string, port: number): string {
  const target = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const lines = [`CONNECT ${target} HTTP/1.1`, `Host: ${target}`];
  if (username !== undefined) {
    // RFC 7617
    const credentials = Buffer.from(`${username}:${password ?? ''}`).toString('base64');
    lines.push(`Proxy-Authorization: Basic ${credentials}`);
  }
  return `${lines.join('\r\n')}${END_OF_HEAD}`;
}

class TunnelStream extends Duplex {
  readonly #socket: Socket;
  #head: Buffer | null = Buffer.alloc(0);
  /** What waits for the proxy's word. */
  #waiting: (() => void) | null = null;

  constructor(socket: Socket, request: string) {
    // Half open it would outlive the other end unnoticed.
    super({ allowHalfOpen: false });
    this.#socket = socket;
    socket.once('connect', () => socket.write(request));
    socket.on('data', (chunk: Buffer) => this.#received(chunk));
    socket.once('end', () =>
      this.#head === null ? this.push(null) : this.#refuse('it closed without an answer'),
    );
    socket.once('error', (error) => this.destroy(error));
    socket.once('close', () => this.destroy());
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#head === null) this.#socket.write(chunk, done);
    else this.#waiting = () => this.#socket.write(chunk, done);
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.end();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }

  #received(chunk: Buffer): void {
    if (this.#head === null) {
      if (!this.push(chunk)) this.#socket.pause();
      return;
    }
    this.#head = Buffer.concat([this.#head, chunk]);
    const end = this.#head.indexOf(END_OF_HEAD);
    if (end < 0) {
      if (this.#head.length > MAX_HEAD_BYTES) this.#refuse('its answer is no HTTP');
      return;
    }
    const refusal = refusalOf(this.#head.toString('latin1', 0, end));
    if (refusal !== null) {
      this.#refuse(refusal);
      return;
    }
    const rest = this.#head.subarray(end + END_OF_HEAD.length);
    this.#head = null;
    this.emit('agreed');
    if (rest.length > 0) this.push(rest);
    this.#waiting?.();
    this.#waiting = null;
  }

  #refuse(why: string): void {
    this.destroy(new CodedError('PROXY_REFUSED', `the proxy does not let us through: ${why}`));
  }
}

/** Null: the proxy agrees. */
function refusalOf(head: string): string | null {
  const status = /^HTTP\/1\.[01] (\d{3}) ?([^\r\n]{0,60})/.exec(head);
  if (status === null) return 'its answer is no HTTP';
  const [, code = '', phrase = ''] = status;
  return code.startsWith('2') ? null : `it answers ${code} ${phrase}`.trimEnd();
}
