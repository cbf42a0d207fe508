/** ModemManager through its command: where the bus cannot be spoken to, or `mmcli` is a wrapper of somebody's own. */
import { type ModemReading, operatorOf, type SignalLevels, signalDbmOf, technologyOf } from './modem.ts';
import type { RunCommand } from './run-command.ts';

/** Asks `mmcli` for the modem there is, and remembers when it is not installed. */
export function createMmcli(run: RunCommand): (signal: AbortSignal) => Promise<readonly ModemReading[]> {
  let missing = false;
  return async (signal) => {
    if (missing) return [];
    const ask = async (...args: readonly string[]): Promise<unknown> => {
      const result = await run(['mmcli', ...args, '-J'], signal);
      if (result.kind === 'missing') missing = true;
      return result.kind === 'output' ? parseJson(result.text) : null;
    };
    const modem = await ask('-m', 'any');
    if (modem === null) return [];
    const levels = await ask('-m', 'any', '--signal-get');
    const bearers: unknown[] = [];
    for (const path of list(modem, 'modem', 'generic', 'bearers')) {
      if (BEARER_PATH.test(path)) bearers.push(await ask('-b', path));
    }
    const reading = parseMmcli(modem, levels, bearers);
    return reading === null ? [] : [reading];
  };
}

const BEARER_PATH = /^\/org\/freedesktop\/ModemManager1\/Bearer\/\d+$/;

/** One modem of the parsed JSON of `-m any`, `-m any --signal-get` and each `-b PATH`; null when it is none. */
export function parseMmcli(
  modem: unknown,
  signal: unknown,
  bearers: readonly unknown[],
): ModemReading | null {
  if (text(modem, 'modem', 'generic', 'state') === null) return null;
  const ports = list(modem, 'modem', 'generic', 'ports').map((port) => port.replace(/ \(.*$/, ''));
  const active = bearers.filter((bearer) => text(bearer, 'bearer', 'status', 'connected') === 'yes');
  const accessTechnology = technologyOf(list(modem, 'modem', 'generic', 'access-technologies'));
  const recent = text(modem, 'modem', 'generic', 'signal-quality', 'recent') === 'yes';
  const level = (...path: readonly string[]): number | null => number(signal, 'modem', 'signal', ...path);
  const levels: SignalLevels = {
    nrRsrp: level('5g', 'rsrp'),
    lteRsrp: level('lte', 'rsrp'),
    lteRssi: level('lte', 'rssi'),
    umtsRscp: level('umts', 'rscp'),
    umtsRssi: level('umts', 'rssi'),
    gsmRssi: level('gsm', 'rssi'),
    quality: recent ? number(modem, 'modem', 'generic', 'signal-quality', 'value') : null,
  };
  const interfaces = active.flatMap((bearer) => text(bearer, 'bearer', 'status', 'interface') ?? []);
  return {
    interfaces: [...new Set([...interfaces, ...ports])],
    connected: text(modem, 'modem', 'generic', 'state') === 'connected',
    operator: operatorOf(text(modem, 'modem', '3gpp', 'operator-code')),
    apn:
      active.map((bearer) => text(bearer, 'bearer', 'properties', 'apn')).find((apn) => apn !== null) ?? null,
    accessTechnology,
    signalDbm: signalDbmOf(levels, accessTechnology),
  };
}

function at(value: unknown, path: readonly string[]): unknown {
  let here = value;
  for (const name of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, name)) return null;
    here = (here as Readonly<Record<string, unknown>>)[name];
  }
  return here;
}

/** Every scalar is a string, and one that is absent is `--`. */
function text(value: unknown, ...path: readonly string[]): string | null {
  const found = at(value, path);
  return typeof found === 'string' && found !== '--' && found !== '' ? found : null;
}

function number(value: unknown, ...path: readonly string[]): number | null {
  const found = text(value, ...path);
  return found === null || !Number.isFinite(Number(found)) ? null : Number(found);
}

function list(value: unknown, ...path: readonly string[]): readonly string[] {
  const found = at(value, path);
  return Array.isArray(found) ? found.filter((each): each is string => typeof each === 'string') : [];
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}
