/** Wi-Fi: the wireless extensions' table, which costs one small read, else `iw`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { plausibleDbm } from './dbm.ts';
import type { Iw } from './iw.ts';
import type { SignalSource } from './signal.ts';

/** Levels are printed as the driver's byte; from here up it is a negative number (`IW_QUAL_DBM` is not set). */
const NEGATIVE_BYTE = 128;
const BYTE = 256;

export interface WirelessLevel {
  readonly interface: string;
  /** Null where the driver gives a share of its best, or nothing, rather than dBm. */
  readonly signalDbm: number | null;
}

/** Parses `/proc/net/wireless`; a trailing dot only says that the value is fresh. */
export function parseWireless(text: string): readonly WirelessLevel[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*([^\s:|]+):\s+[\da-f]+\s+-?\d+\.?\s+(-?\d+)\.?(?:\s|$)/i.exec(line);
    if (match === null) return [];
    const [, name = '', level] = match;
    return { interface: name, signalDbm: levelDbm(Number(level)) };
  });
}

function levelDbm(level: number): number | null {
  if (level < 0) return plausibleDbm(level);
  return level >= NEGATIVE_BYTE && level < BYTE ? plausibleDbm(level - BYTE) : null;
}

export interface WifiSourceOptions {
  readonly procRoot: string;
  readonly iw: Iw;
  /** Null: the first interface in the table. */
  readonly interface: string | null;
}

/** A source over the interface's signal. */
export function createWifiSource({ procRoot, iw, interface: name }: WifiSourceOptions): SignalSource {
  const path = join(procRoot, 'net/wireless');
  return {
    name: 'wifi',
    readNow() {
      let text: string;
      try {
        text = readFileSync(path, 'latin1');
      } catch {
        return null;
      }
      const levels = parseWireless(text);
      return (name === null ? levels[0] : levels.find((each) => each.interface === name))?.signalDbm ?? null;
    },
    async read(signal) {
      return name === null ? null : ((await iw.link(name, signal))?.signalDbm ?? null);
    },
  };
}
