/** What a signal in dBm can be. Drivers and modems say 0, −256 or −32,768 where they know nothing. */

const WEAKEST_DBM = -160;

/** The value when it can be the power of a received signal, else null. */
export function plausibleDbm(value: number | null | undefined): number | null {
  return typeof value === 'number' && value >= WEAKEST_DBM && value < 0 ? value : null;
}
