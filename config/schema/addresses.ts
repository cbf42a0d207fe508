/** Addresses to listen on, `HOST:PORT`. */
import { isIP, isIPv4, isIPv6 } from 'node:net';

export interface ListenAddress {
  readonly host: string;
  /** 0 lets the system choose a free port. */
  readonly port: number;
}

const WRITTEN = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/;

/** Splits `127.0.0.1:8080`, `[::1]:8080` or `localhost:8080`; null when it is none of these. */
export function parseListen(text: string): ListenAddress | null {
  const match = WRITTEN.exec(text);
  if (match === null) return null;
  const host = match[1] ?? match[2] ?? '';
  const port = Number(match[3]);
  if (port > 65_535 || (match[1] !== undefined && !isIPv6(host))) return null;
  // 1.2.3 or 300.1.1.1 would be looked up as names, and fail much later.
  if (match[2] !== undefined && /^[\d.]+$/.test(host) && !isIPv4(host)) return null;
  return { host, port };
}

/** Whether only this machine can reach `host`. A name other than localhost may resolve to anything. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}

/** How a client on this machine reaches a listener on `host`: the wildcard address is not one to connect to. */
export function connectHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return isIPv6(host) ? `[${host}]` : host;
}
