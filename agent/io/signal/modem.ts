/** What a modem tells, whoever asked it, and which of its numbers is the signal. */
import type { AccessTechnology } from '../../policy/network-key.ts';
import { plausibleDbm } from './dbm.ts';

export interface ModemReading {
  /** Network interfaces and serial ports that its data may go through. */
  readonly interfaces: readonly string[];
  readonly connected: boolean;
  /** MCC-MNC, such as `262-01`. */
  readonly operator: string | null;
  readonly apn: string | null;
  readonly accessTechnology: AccessTechnology | null;
  readonly signalDbm: number | null;
}

export interface ModemReader {
  /** Every modem there is; none is an empty list. Never rejects. */
  read(signal: AbortSignal): Promise<readonly ModemReading[]>;
}

/** Asks `bus`, and `mmcli` where there is no bus to ask (null). */
export function createModemReader(
  bus: (signal: AbortSignal) => Promise<readonly ModemReading[] | null>,
  mmcli: (signal: AbortSignal) => Promise<readonly ModemReading[]>,
): ModemReader {
  return { read: async (signal) => (await bus(signal)) ?? (await mmcli(signal)) };
}

/** The modem behind interface `name`, or null. `type` is the interface's; null name: the one that is connected. */
export function modemFor(
  modems: readonly ModemReading[],
  name: string | null,
  type: string,
): ModemReading | null {
  const owner = modems.find(({ interfaces }) => name !== null && interfaces.includes(name));
  if (owner !== undefined) return owner;
  const connected = modems.filter((modem) => modem.connected);
  // Over PPP the modem knows its serial port alone.
  if (type === 'ppp') {
    return connected.find(({ interfaces }) => interfaces.some((each) => each.startsWith('tty'))) ?? null;
  }
  return name === null || type === 'wwan' ? (connected[0] ?? modems[0] ?? null) : null;
}

/** `26201` → `262-01`; null for what is no PLMN. */
export function operatorOf(code: string | null | undefined): string | null {
  const match = /^(\d{3})(\d{2,3})$/.exec(code ?? '');
  return match === null || /^0+$/.test(code ?? '') ? null : `${match[1]}-${match[2]}`;
}

/**
 * The technology by ModemManager's names. With LTE and 5G at once (NSA) the device is anchored in LTE, whose
 * timers hold.
 */
export function technologyOf(names: readonly string[]): AccessTechnology | null {
  const has = (...wanted: readonly string[]): boolean => wanted.some((each) => names.includes(each));
  if (has('lte-nb-iot')) return 'nb-iot';
  if (has('lte-cat-m')) return 'lte-m';
  if (has('lte')) return 'lte';
  if (has('5gnr')) return '5g';
  if (has('umts', 'hsdpa', 'hsupa', 'hspa', 'hspa-plus')) return '3g';
  return has('gsm', 'gsm-compact', 'gprs', 'edge') ? '2g' : null;
}

/** Levels in dBm, each null where the modem does not say. */
export interface SignalLevels {
  readonly nrRsrp: number | null;
  readonly lteRsrp: number | null;
  readonly lteRssi: number | null;
  readonly umtsRscp: number | null;
  readonly umtsRssi: number | null;
  readonly gsmRssi: number | null;
  /** 0–100, only when recent. */
  readonly quality: number | null;
}

/**
 * RSSI is the power of the whole carrier, RSRP that of one subcarrier: with 50 resource blocks (10 MHz) and no
 * load it is 10·log10(2 · 50) = 20 dB above, with load up to 28. The bandwidth is not known, so this is a guess.
 */
const LTE_RSSI_ABOVE_RSRP_DB = 20;
/** ModemManager's scale for a quality made from an RSSI: −113 dBm is 0 %, −51 dBm is 100 %. */
const QUALITY_ZERO_DBM = -113;
const QUALITY_FULL_DBM = -51;

/** The signal in the measure that the technology is judged by: RSRP (LTE, 5G), RSCP (3G), RSSI (2G). */
export function signalDbmOf(levels: SignalLevels, technology: AccessTechnology | null): number | null {
  const rssi = rssiOfQuality(levels.quality);
  const lte = plausibleDbm(levels.lteRsrp) ?? rsrpOfRssi(plausibleDbm(levels.lteRssi));
  const nr = plausibleDbm(levels.nrRsrp);
  const umts = plausibleDbm(levels.umtsRscp) ?? plausibleDbm(levels.umtsRssi);
  const gsm = plausibleDbm(levels.gsmRssi);
  switch (technology) {
    case 'lte':
    case 'lte-m':
    case 'nb-iot':
      return lte ?? rsrpOfRssi(rssi);
    case '5g':
      return nr ?? lte ?? rsrpOfRssi(rssi);
    case '3g':
      return umts ?? rssi;
    case '2g':
      return gsm ?? rssi;
    case null:
      return lte ?? nr ?? umts ?? gsm ?? rssi;
  }
}

function rsrpOfRssi(rssi: number | null): number | null {
  return rssi === null ? null : rssi - LTE_RSSI_ABOVE_RSRP_DB;
}

/** A quality of 0 is what modems without service say, and of 100 only a bound: neither is a level. */
function rssiOfQuality(quality: number | null): number | null {
  if (quality === null || !(quality > 0 && quality <= 100)) return null;
  return QUALITY_ZERO_DBM + (quality * (QUALITY_FULL_DBM - QUALITY_ZERO_DBM)) / 100;
}
