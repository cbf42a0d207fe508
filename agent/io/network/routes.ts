/** The kernel's tables of routes and neighbours as text, and which route leads to an address. */
import { BlockList, isIP } from 'node:net';

export interface Route {
  readonly interface: string;
  readonly prefix: string;
  readonly prefixLength: number;
  /** Next hop; null: the destination is on the link. */
  readonly gateway: string | null;
  readonly metric: number;
}

/** Flags of <linux/route.h> and <linux/ipv6_route.h>. */
const RTF_UP = 0x1;
const RTF_GATEWAY = 0x2;
const RTF_REJECT = 0x200;
/** Addresses of this host itself, which the table of IPv6 holds too. */
const RTF_LOCAL = 0x80000000;

/** Parses `/proc/net/route`; lines that are none are left out. */
export function parseIpv4Routes(text: string): readonly Route[] {
  return text.split('\n').flatMap((line) => {
    const [name, destination, gateway, flagsHex, , , metric, mask] = line.trim().split(/\s+/);
    if (name === undefined || !isHex(destination, 8) || !isHex(gateway, 8) || !isHex(mask, 8)) return [];
    const flags = Number.parseInt(flagsHex ?? '', 16);
    if (!(flags & RTF_UP) || flags & RTF_REJECT) return [];
    return {
      interface: name,
      prefix: ipv4(destination),
      prefixLength: bitsSet(Number.parseInt(mask, 16)),
      gateway: flags & RTF_GATEWAY ? ipv4(gateway) : null,
      metric: Number.parseInt(metric ?? '', 10) || 0,
    };
  });
}

/** Parses `/proc/net/ipv6_route`; lines that are none are left out. */
export function parseIpv6Routes(text: string): readonly Route[] {
  return text.split('\n').flatMap((line) => {
    const [destination, lengthHex, , , gateway, metric, , , flagsHex, name] = line.trim().split(/\s+/);
    if (name === undefined || !isHex(destination, 32) || !isHex(gateway, 32)) return [];
    const flags = Number.parseInt(flagsHex ?? '', 16);
    const prefixLength = Number.parseInt(lengthHex ?? '', 16);
    if (!(flags & RTF_UP) || flags & RTF_REJECT || flags & RTF_LOCAL || !(prefixLength <= 128)) return [];
    return {
      interface: name,
      prefix: ipv6(destination),
      prefixLength,
      gateway: flags & RTF_GATEWAY ? ipv6(gateway) : null,
      metric: Number.parseInt(metric ?? '', 16) || 0,
    };
  });
}

/**
 * The route that the kernel takes to `address`: the longest prefix, then the least metric. With `through`, only
 * among the routes of that interface. Null: none, or not an address.
 */
export function routeTo(routes: readonly Route[], address: string, through: string | null): Route | null {
  if (isIP(address) === 0) return null;
  let best: Route | null = null;
  for (const route of routes) {
    if (through !== null && route.interface !== through) continue;
    if (!covers(route, address)) continue;
    const longer = best === null || route.prefixLength > best.prefixLength;
    const cheaper = route.prefixLength === best?.prefixLength && route.metric < best.metric;
    if (longer || cheaper) best = route;
  }
  return best;
}

/** The hardware address of `ip` on `name` in the text of `/proc/net/arp`, or null. */
export function hardwareAddress(text: string, ip: string, name: string): string | null {
  for (const line of text.split('\n')) {
    const [address, , flags, mac, , device] = line.trim().split(/\s+/);
    // ATF_COM 0x2: the entry is complete.
    if (address !== ip || device !== name || !(Number.parseInt(flags ?? '', 16) & 0x2)) continue;
    if (mac !== undefined && /^(?:[\da-f]{2}:){5}[\da-f]{2}$/i.test(mac) && !/^[0:]+$/.test(mac)) {
      return mac.toLowerCase();
    }
  }
  return null;
}

function covers({ prefix, prefixLength }: Route, address: string): boolean {
  const family = isIP(prefix) === 4 ? 'ipv4' : 'ipv6';
  if (isIP(address) !== (family === 'ipv4' ? 4 : 6)) return false;
  if (prefixLength === 0) return true;
  const list = new BlockList();
  list.addSubnet(prefix, prefixLength, family);
  return list.check(address, family);
}

function isHex(text: string | undefined, digits: number): text is string {
  return text !== undefined && text.length === digits && /^[\da-f]+$/i.test(text);
}

/** The kernel prints the address as one number of the host's byte order: little-endian wherever Node runs. */
function ipv4(hex: string): string {
  return [6, 4, 2, 0].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join('.');
}

/** Without leading zeros, but every group written out: one text for one address is all that is needed. */
function ipv6(hex: string): string {
  return (hex.match(/.{4}/g) ?? []).map((group) => Number.parseInt(group, 16).toString(16)).join(':');
}

function bitsSet(mask: number): number {
  let count = 0;
  for (let rest = mask >>> 0; rest !== 0; rest >>>= 1) count += rest & 1;
  return count;
}
