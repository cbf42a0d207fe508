/** `iw dev IF link`: what nl80211 knows of the association, also where the kernel has no wireless extensions. */
import { plausibleDbm } from './dbm.ts';
import type { RunCommand } from './run-command.ts';

export interface WifiLink {
  /** As `iw` prints it: bytes other than printable ASCII are escaped (`\xc3`). */
  readonly ssid: string | null;
  readonly signalDbm: number | null;
}

export interface Iw {
  /** The association of `name`; null: there is none, or no `iw`. Never rejects. */
  link(name: string, signal: AbortSignal): Promise<WifiLink | null>;
}

/** Parses the output; null when the interface is not associated. */
export function parseIwLink(text: string): WifiLink | null {
  if (!/^(?:Connected to|Joined IBSS) /m.test(text)) return null;
  // Spaces at the ends of an SSID are escaped, so what follows the first one is all the name's own.
  const ssid = /^\s*SSID: (.+)$/m.exec(text)?.[1] ?? null;
  const signal = /^\s*signal: (-?\d+)(?:\.\d+)? dBm/m.exec(text)?.[1];
  return { ssid, signalDbm: plausibleDbm(signal === undefined ? null : Number(signal)) };
}

/** Looks for the program once: what is not installed is not started again. */
export function createIw(run: RunCommand): Iw {
  let missing = false;
  return {
    async link(name, signal) {
      // A name that begins with a dash would be an option.
      if (missing || name.startsWith('-')) return null;
      const result = await run(['iw', 'dev', name, 'link'], signal);
      if (result.kind === 'missing') missing = true;
      return result.kind === 'output' ? parseIwLink(result.text) : null;
    },
  };
}
