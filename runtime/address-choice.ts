/**
 * Which of a name's addresses is tried first, and for how long. Node gives each but the last 250 ms and then ends the
 * attempt; Happy Eyeballs (RFC 8305, section 5) would have it go on beside the next. A modem that wakes up, or a SYN that
 * was lost once, takes seconds: of two addresses that both work the first would never be reached.
 */
import { isIP, type LookupFunction } from 'node:net';

/** A SYN is repeated after 1 s and after 3 s (RFC 6298): both repetitions have their chance. */
const ATTEMPT_MS = 4000;
/** One of each family has to fit into one connect. */
const ATTEMPTS_A_CONNECT = 2;
const SHORTEST_MS = 250;

export interface AddressOptions {
  readonly autoSelectFamilyAttemptTimeout: number;
  readonly lookup?: LookupFunction;
}

/** The family of the address that answered last, by name; one process speaks to few. */
const answered = new Map<string, number>();

/** Node's own, loaded with the first name: its resolver takes some milliseconds, and an address needs none. */
const lookupLater: LookupFunction = (name, options, callback) =>
  void import('node:dns').then(({ lookup }) => lookup(name, options, callback));

/** What `net.connect` and `tls.connect` take beside the host. */
export function addressOptions(
  host: string,
  connectTimeoutMs: number,
  resolve: LookupFunction = lookupLater,
): AddressOptions {
  const shareMs = Math.round(connectTimeoutMs / ATTEMPTS_A_CONNECT);
  const autoSelectFamilyAttemptTimeout = Math.max(SHORTEST_MS, Math.min(ATTEMPT_MS, shareMs));
  if (isIP(host) !== 0) return { autoSelectFamilyAttemptTimeout };
  return {
    autoSelectFamilyAttemptTimeout,
    lookup: (name, options, callback) =>
      resolve(name, options, (error, found, family) =>
        callback(error, Array.isArray(found) ? preferring(found, answered.get(host)) : found, family),
      ),
  };
}

/** This address of `host` has answered: its family is tried first from now on. */
export function addressAnswered(host: string, address: string | undefined): void {
  const family = isIP(address ?? '');
  if (family !== 0) answered.set(host, family);
}

function preferring<T extends { readonly family: number }>(addresses: T[], family: number | undefined): T[] {
  if (family === undefined) return addresses;
  const isFirst = (address: T): boolean => address.family === family;
  return [...addresses.filter(isFirst), ...addresses.filter((address) => !isFirst(address))];
}
