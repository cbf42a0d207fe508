/** ModemManager over D-Bus (its API reference, 1.10 and later). */
import { type ModemReading, operatorOf, type SignalLevels, signalDbmOf, technologyOf } from './modem.ts';
import { openSystemBus, type SystemBus } from './system-bus.ts';

const SERVICE = 'org.freedesktop.ModemManager1';
const MODEM = `${SERVICE}.Modem`;
const MODEM_3GPP = `${MODEM}.Modem3gpp`;
const SIGNAL = `${MODEM}.Signal`;
const BEARER = `${SERVICE}.Bearer`;
const PROPERTIES = 'org.freedesktop.DBus.Properties';

/** MMModemState: 11 is connected. */
const CONNECTED = 11;
/** MMModemAccessTechnology, by bit. */
const TECHNOLOGIES: Readonly<Record<number, string>> = {
  1: 'gsm',
  2: 'gsm-compact',
  3: 'gprs',
  4: 'edge',
  5: 'umts',
  6: 'hsdpa',
  7: 'hsupa',
  8: 'hspa',
  9: 'hspa-plus',
  14: 'lte',
  15: '5gnr',
  16: 'lte-cat-m',
  17: 'lte-nb-iot',
};

/**
 * Refresh rate while we wait for the reading that asking for a rate brings at once. Odd, to be known again, and
 * long, to be harmless, if we are ended before we turn it off.
 */
const SETUP_SECONDS = 3599;
const TURN_OFF_MS = 500;
const LEVEL_POLLS_MS: readonly number[] = [50, 100, 200, 400];

type Dictionary = Readonly<Record<string, unknown>>;

/** Reads every modem; null when there is no bus. No service, a refusal and nonsense are an empty list. */
export async function readModemManager(
  address: string,
  signal: AbortSignal,
): Promise<readonly ModemReading[] | null> {
  const bus = await openSystemBus(address, signal);
  if (bus === null) return null;
  try {
    const objects = dictionary(
      await bus.call({
        destination: SERVICE,
        path: '/org/freedesktop/ModemManager1',
        interface: 'org.freedesktop.DBus.ObjectManager',
        member: 'GetManagedObjects',
      }),
    );
    const readings: ModemReading[] = [];
    for (const [path, interfaces] of Object.entries(objects)) {
      if (MODEM in dictionary(interfaces)) readings.push(await readModem(bus, path, dictionary(interfaces)));
    }
    return readings;
  } catch {
    return [];
  } finally {
    bus.close();
  }
}

async function readModem(bus: SystemBus, path: string, interfaces: Dictionary): Promise<ModemReading> {
  const modem = dictionary(interfaces[MODEM]);
  const bearers = await Promise.all(
    strings(modem.Bearers).map((bearer) => properties(bus, bearer, BEARER).catch((): Dictionary => ({}))),
  );
  const active = bearers.filter(({ Connected: connected }) => connected === true);
  const ports = array(modem.Ports).flatMap((port) => array(port).slice(0, 1).filter(isText));
  const accessTechnology = technologyOf(technologyNames(modem.AccessTechnologies));
  const extended = SIGNAL in interfaces ? await readLevels(bus, path, dictionary(interfaces[SIGNAL])) : {};
  return {
    interfaces: [...new Set([...active.map(({ Interface: name }) => name).filter(isText), ...ports])],
    connected: modem.State === CONNECTED,
    operator: operatorOf(textOf(dictionary(interfaces[MODEM_3GPP]).OperatorCode)),
    apn:
      active.map((bearer) => textOf(dictionary(bearer.Properties).apn)).find((apn) => apn !== null) ?? null,
    accessTechnology,
    signalDbm: signalDbmOf(levelsOf(extended, modem.SignalQuality), accessTechnology),
  };
}

/**
 * The Signal interface holds levels only while somebody has asked for them. Polling for ever would wake modem
 * and host between probes, so it is turned on for this reading alone; where an operator turned it on, it stays.
 */
async function readLevels(bus: SystemBus, path: string, present: Dictionary): Promise<Dictionary> {
  const leftOver = present.Rate === SETUP_SECONDS;
  if (!leftOver && (present.Rate !== 0 || hasLevels(present))) return present;
  const setup = async (rate: number, patienceMs?: number): Promise<void> => {
    const call = { destination: SERVICE, path, interface: SIGNAL, member: 'Setup', signature: 'u' };
    await bus.call({ ...call, body: [rate] }, patienceMs);
  };
  try {
    // The same rate again would change nothing and refresh nothing.
    if (leftOver) await setup(0);
    await setup(SETUP_SECONDS);
  } catch {
    // Without the right to (polkit's Device.Control), or on a modem that cannot: the quality has to do.
    return present;
  }
  try {
    let levels = await properties(bus, path, SIGNAL);
    for (const waitMs of LEVEL_POLLS_MS) {
      if (hasLevels(levels)) break;
      await pause(waitMs);
      levels = await properties(bus, path, SIGNAL);
    }
    return levels;
  } catch {
    return present;
  } finally {
    // Also when nobody waits for the levels any more.
    await setup(0, TURN_OFF_MS).catch(() => {});
  }
}

function hasLevels(levels: Dictionary): boolean {
  return ['Nr5g', 'Lte', 'Umts', 'Gsm'].some((name) => Object.keys(dictionary(levels[name])).length > 0);
}

function levelsOf(extended: Dictionary, quality: unknown): SignalLevels {
  const level = (technology: string, name: string): number | null => {
    const value = dictionary(extended[technology])[name];
    return typeof value === 'number' ? value : null;
  };
  const [percent, recent] = array(quality);
  return {
    nrRsrp: level('Nr5g', 'rsrp'),
    lteRsrp: level('Lte', 'rsrp'),
    lteRssi: level('Lte', 'rssi'),
    umtsRscp: level('Umts', 'rscp'),
    umtsRssi: level('Umts', 'rssi'),
    gsmRssi: level('Gsm', 'rssi'),
    quality: recent === true && typeof percent === 'number' ? percent : null,
  };
}

async function properties(bus: SystemBus, path: string, name: string): Promise<Dictionary> {
  const call = { destination: SERVICE, path, interface: PROPERTIES, member: 'GetAll' };
  return dictionary(await bus.call({ ...call, signature: 's', body: [name] }));
}

function technologyNames(mask: unknown): readonly string[] {
  if (typeof mask !== 'number') return [];
  return Object.entries(TECHNOLOGIES).flatMap(([bit, name]) => (mask & (1 << Number(bit)) ? [name] : []));
}

function dictionary(value: unknown): Dictionary {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Dictionary) : {};
}

function array(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function strings(value: unknown): readonly string[] {
  return array(value).filter(isText);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function textOf(value: unknown): string | null {
  return isText(value) && value !== '' ? value : null;
}

/** Node's `timers/promises` would be loaded on devices without a modem, too. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
