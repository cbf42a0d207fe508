/**
 * Which network the broker is reached over. Read once per connection, when the radio is awake anyway; nothing
 * here is watched in between. What is missing is null: no part of this can fail a connection.
 */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import type { NetworkIdentity } from '../../policy/network-key.ts';
import { withDeadline } from '../signal/deadline.ts';
import type { Iw } from '../signal/iw.ts';
import { type ModemReader, type ModemReading, modemFor } from '../signal/modem.ts';
import { type InterfaceType, readInterfaceType } from './interface-type.ts';
import { hardwareAddress, parseIpv4Routes, parseIpv6Routes, routeTo } from './routes.ts';

/** The ends of the connected socket: `socket.localAddress`, `socket.remoteAddress`. */
export interface SocketAddresses {
  readonly localAddress: string | null;
  readonly remoteAddress: string | null;
}

/** The identity that keys are made of, and the interface, whose signal counts. */
export interface Network {
  readonly identity: NetworkIdentity;
  readonly interface: string | null;
}

export interface NetworkReaderOptions {
  /** `host:port` of the broker as configured. */
  readonly endpoint: string;
  readonly procRoot: string;
  readonly sysRoot: string;
  readonly iw: Iw;
  readonly modem: ModemReader;
  /** Ask the modem about every interface: one that poses as an Ethernet card shows nothing in sysfs. */
  readonly modemConfigured: boolean;
  readonly timeoutMs: number;
  /** Replaceable for tests. Default: `os.networkInterfaces`. */
  readonly interfaces?: () => Readonly<Record<string, readonly { address: string }[] | undefined>>;
}

/** Reads the network of a connection. Never rejects, and takes at most `timeoutMs`. */
export async function readNetwork(socket: SocketAddresses, options: NetworkReaderOptions): Promise<Network> {
  const local = plainAddress(socket.localAddress);
  const remote = plainAddress(socket.remoteAddress);
  const ipFamily = isIP(remote ?? local ?? '') === 6 ? 6 : 4;
  const { name, gateway } = findRoute(local, remote, ipFamily, options);
  const type = name === null ? 'other' : readInterfaceType(options.sysRoot, name);
  const found = await withDeadline(options.timeoutMs, (signal) => ask(name, type, options, signal));
  const { ssid, modem } = found ?? { ssid: null, modem: null };
  const kind = type === 'wwan' || modem !== null ? 'cellular' : type === 'ppp' ? 'other' : type;
  const identity: NetworkIdentity = {
    kind,
    ssid,
    operator: modem?.operator ?? null,
    apn: modem?.apn ?? null,
    rat: modem?.accessTechnology ?? null,
    gateway,
    ipFamily,
    endpoint: options.endpoint,
  };
  return { identity, interface: name };
}

/** What has to be asked of other programs, each only where it can know something. */
async function ask(
  name: string | null,
  type: InterfaceType,
  { iw, modem, modemConfigured }: NetworkReaderOptions,
  signal: AbortSignal,
): Promise<{ readonly ssid: string | null; readonly modem: ModemReading | null }> {
  if (name === null) return { ssid: null, modem: null };
  if (type === 'wifi') return { ssid: (await iw.link(name, signal))?.ssid ?? null, modem: null };
  if (type !== 'wwan' && type !== 'ppp' && !modemConfigured) return { ssid: null, modem: null };
  return { ssid: null, modem: modemFor(await modem.read(signal), name, type) };
}

function findRoute(
  local: string | null,
  remote: string | null,
  ipFamily: 4 | 6,
  options: NetworkReaderOptions,
): { readonly name: string | null; readonly gateway: string | null } {
  const own = local === null ? null : interfaceOf(local, options);
  const net = join(options.procRoot, 'net');
  const routes =
    ipFamily === 4
      ? parseIpv4Routes(read(join(net, 'route')))
      : parseIpv6Routes(read(join(net, 'ipv6_route')));
  const route = remote === null ? null : routeTo(routes, remote, own);
  const name = own ?? route?.interface ?? null;
  const gateway = route?.gateway ?? null;
  if (name === null || gateway === null) return { name, gateway };
  // Half the world's home networks have the gateway 192.168.1.1; its hardware address tells them apart.
  return { name, gateway: hardwareAddress(read(join(net, 'arp')), gateway, name) ?? gateway };
}

function interfaceOf(address: string, options: NetworkReaderOptions): string | null {
  try {
    const interfaces = (options.interfaces ?? networkInterfaces)();
    const has = ([, addresses]: readonly [string, readonly { address: string }[] | undefined]): boolean =>
      addresses?.some((each) => each.address === address) ?? false;
    return Object.entries(interfaces).find(has)?.[0] ?? null;
  } catch {
    // Without AF_NETLINK (systemd's RestrictAddressFamilies) Node throws here; the routes may still tell.
    return null;
  }
}

/** Without the zone of a link-local address, and IPv4 as IPv4 also on a socket of both families. */
export function plainAddress(address: string | null): string | null {
  const plain = address?.replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.)/i, '') ?? '';
  return isIP(plain) === 0 ? null : plain;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
