/**
 * The name under which what was learned of a network is kept and shared: a short hash, because SSIDs, operators
 * and gateways say where a person is.
 */

import type { RadioKind } from './interval-policies.ts';

export type NetworkKind = 'ethernet' | 'wifi' | 'cellular' | 'other';

/** Radio access technologies as far as they differ in timers and costs; HSPA and HSPA+ for one do not. */
export type AccessTechnology = '2g' | '3g' | 'lte' | '5g' | 'lte-m' | 'nb-iot';

/** What is known of the network that the broker is reached over. Null: not known, or there is none. */
export interface NetworkIdentity {
  readonly kind: NetworkKind;
  readonly ssid: string | null;
  /** MCC-MNC of the network that the modem is registered with, such as `262-01`. */
  readonly operator: string | null;
  readonly apn: string | null;
  readonly rat: AccessTechnology | null;
  /** Hardware address of the next hop, or its IP address where that is all there is. */
  readonly gateway: string | null;
  readonly ipFamily: 4 | 6;
  /** `host:port` of the broker as configured. */
  readonly endpoint: string;
}

/** Changes with the encoding: keys of another version are other keys. */
const VERSION = 'n1';
const HASH_CHARACTERS = 16;
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';
const ASCII_UPPER = /[A-Z]+/g;

/**
 * `n1-` and 80 bits of the hash in base32 (RFC 4648, small letters). The same facts give the same key on every
 * device, which is what fleet knowledge rests on. `sha256` maps UTF-8 text to its digest.
 */
export function networkKey(identity: NetworkIdentity, sha256: (text: string) => Uint8Array): string {
  return `${VERSION}-${base32(sha256(canonical(identity)), HASH_CHARACTERS)}`;
}

/**
 * A JSON list: quoting keeps fields apart whatever they hold. Only what identifies a network of its kind counts:
 * a cellular gateway changes with every address the operator hands out, so it would make each session a new
 * network; and a modem that sleeps beside the cable says nothing about the cable.
 */
function canonical(identity: NetworkIdentity): string {
  const { kind } = identity;
  const wifi = kind === 'wifi';
  const cellular = kind === 'cellular';
  return JSON.stringify([
    kind,
    wifi ? identity.ssid : null,
    cellular ? identity.operator : null,
    // APNs are domain names: case says nothing (3GPP TS 23.003, 9.1).
    cellular ? lower(identity.apn) : null,
    cellular ? identity.rat : null,
    cellular ? null : lower(identity.gateway),
    identity.ipFamily,
    lower(identity.endpoint),
  ]);
}

/** ASCII alone, so that the outcome depends on no locale and no Unicode version. */
function lower(text: string | null): string | null {
  return text === null ? null : text.replace(ASCII_UPPER, (letters) => letters.toLowerCase());
}

function base32(bytes: Uint8Array, characters: number): string {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += BASE32[(held >> bits) & 31];
    }
    held &= (1 << bits) - 1;
    if (text.length >= characters) break;
  }
  return text.slice(0, characters);
}

const RADIO_OF: Readonly<Record<AccessTechnology, RadioKind>> = {
  // EDGE and 5G have no costs of their own yet; these are nearest in tail and in what their dBm mean.
  '2g': '3g',
  '3g': '3g',
  lte: 'lte',
  '5g': 'lte',
  'lte-m': 'lte-m',
  'nb-iot': 'nb-iot',
};

/** Which radio's costs apply. */
export function radioOf({ kind, rat }: Pick<NetworkIdentity, 'kind' | 'rat'>): RadioKind {
  switch (kind) {
    case 'ethernet':
    case 'wifi':
      return kind;
    case 'cellular':
      return rat === null ? 'unknown' : RADIO_OF[rat];
    case 'other':
      return 'unknown';
  }
}
