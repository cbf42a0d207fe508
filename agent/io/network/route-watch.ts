/**
 * Notices when the connection's address or its way to the broker has changed. The kernel says that something did; what
 * it means is looked up then, and only news is told.
 */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import type { KeepaliveEvent } from '../../policy/keepalive/types.ts';
import { plainAddress, type SocketAddresses } from './identity.ts';
import { parseIpv4Routes, parseIpv6Routes, type Route, routeTo } from './routes.ts';

/** One cause makes many changes: links, then addresses, then routes. */
const DEBOUNCE_MS = 250;

export interface RouteWatchOptions {
  readonly procRoot: string;
  /** `watchRoutes` of the native part. */
  readonly watch: (onChange: () => void) => (() => void) | null;
  readonly emit: (event: Extract<KeepaliveEvent, { kind: 'addressesChanged' }>) => void;
  /** Replaceable for tests. Default: `os.networkInterfaces`, which leaves out what has no carrier. */
  readonly interfaces?: () => Readonly<Record<string, readonly { address: string }[] | undefined>>;
}

export interface RouteWatch {
  /** From now on it is this connection that counts, also after its end. */
  follow(socket: SocketAddresses): void;
  close(): void;
}

interface Path {
  readonly local: 'kept' | 'gone';
  readonly route: Route | null;
  /** Differs where the way to the broker does. */
  readonly signature: string;
}

export function createRouteWatch(options: RouteWatchOptions): RouteWatch {
  let socket: SocketAddresses = { localAddress: null, remoteAddress: null };
  let now = look(socket, options);
  let before = now;
  let timer: NodeJS.Timeout | null = null;
  const settle = (): void => {
    timer = null;
    const last = now;
    now = look(socket, options);
    if (now.signature === last.signature) return;
    const moved = now.route?.interface !== before.route?.interface;
    const route =
      now.route === null && (moved || socket.remoteAddress === null) ? 'none' : moved ? 'moved' : 'kept';
    options.emit({ kind: 'addressesChanged', local: now.local, route });
  };
  const stop = options.watch(() => {
    timer ??= setTimeout(settle, DEBOUNCE_MS);
  });
  return {
    follow(followed) {
      socket = followed;
      now = look(socket, options);
      before = now;
    },
    close() {
      if (timer !== null) clearTimeout(timer);
      stop?.();
    },
  };
}

function look(socket: SocketAddresses, options: RouteWatchOptions): Path {
  const local = plainAddress(socket.localAddress);
  const remote = plainAddress(socket.remoteAddress);
  const interfaces = interfacesOf(options);
  const addressesOf = (name: string): readonly string[] =>
    (interfaces?.[name] ?? []).map(({ address }) => address);
  const isGone =
    local !== null &&
    interfaces !== null &&
    !Object.keys(interfaces).some((name) => addressesOf(name).includes(local));
  const found = routeToBroker(remote, options.procRoot);
  // A route through an interface without an address leads nowhere, whatever the table says.
  const route =
    found !== null && interfaces !== null && addressesOf(found.interface).length === 0 ? null : found;
  const addresses = route === null ? [] : addressesOf(route.interface);
  const signature = JSON.stringify([isGone, route?.interface, route?.gateway, addresses]);
  return { local: isGone ? 'gone' : 'kept', route, signature };
}

/** Of a broker whose address is not known yet: any route out. */
function routeToBroker(remote: string | null, procRoot: string): Route | null {
  const ipv4 = (): readonly Route[] => parseIpv4Routes(read(join(procRoot, 'net', 'route')));
  const ipv6 = (): readonly Route[] => parseIpv6Routes(read(join(procRoot, 'net', 'ipv6_route')));
  if (remote !== null) return routeTo(isIP(remote) === 6 ? ipv6() : ipv4(), remote, null);
  return (
    [...ipv4(), ...ipv6()].find(({ prefixLength, interface: name }) => prefixLength === 0 && name !== 'lo') ??
    null
  );
}

function interfacesOf(
  options: RouteWatchOptions,
): Readonly<Record<string, readonly { address: string }[] | undefined>> | null {
  try {
    return (options.interfaces ?? networkInterfaces)();
  } catch {
    // Without AF_NETLINK Node throws here.
    return null;
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
