/**
 * What was learned of each network, kept over restarts: one small file, written whole and seldom. What cannot be
 * read is left out with a warning; the price is a dropped connection or two, never a start.
 */
import { join } from 'node:path';
import type { Log } from '../../runtime/log.ts';
import { readSmallFile } from '../../runtime/small-file.ts';
import type { IdleTimeoutBelief } from '../policy/idle-timeout-belief.ts';
import { parseBelief, type SavedBelief, saveBelief } from '../policy/idle-timeout-saved.ts';
import { parseLink, type SavedLink } from '../policy/link-saved.ts';
import { writeState } from './state-file.ts';

const FILE = 'networks.json';
const VERSION = 1;
/** A device that roams further forgets the network it has not seen for longest. */
const MAX_NETWORKS = 20;
/** Twenty of them have some tens of kilobytes. */
const MAX_BYTES = 512 * 1024;

interface SavedNetwork {
  readonly key: string;
  readonly belief: unknown;
  readonly link?: unknown;
}

export interface BeliefStore {
  /** What was learned of a network, on top of `prior`; null: nothing, or nothing readable. */
  load(key: string, prior: Float64Array): IdleTimeoutBelief | null;
  /** What was kept of a network's link; null: nothing, or nothing that makes sense. */
  link(key: string): SavedLink | null;
  /** Keeps both. A folder that cannot be written costs a warning. */
  save(key: string, belief: IdleTimeoutBelief, link?: SavedLink): void;
}

/** Opens `<stateDirectory>/networks.json`; a file that is absent or damaged is an empty one. */
export function openBeliefStore(stateDirectory: string, log: Log): BeliefStore {
  const path = join(stateDirectory, FILE);
  let networks = readNetworks(path, log);
  return {
    load(key, prior) {
      const saved = networks.find((network) => network.key === key);
      if (saved === undefined) return null;
      const parsed = parseBelief(saved.belief, prior);
      if (parsed.ok) return parsed.belief;
      log.write(
        'warn',
        'beliefRefused',
        `what was learned of network ${key} is unreadable: ${parsed.refusal}`,
        {
          path,
          refusal: parsed.refusal,
        },
      );
      return null;
    },
    link: (key) => parseLink(networks.find((network) => network.key === key)?.link),
    save(key, belief, link) {
      const saved: SavedBelief = saveBelief(belief);
      const others = networks.filter((network) => network.key !== key);
      networks = [{ key, belief: saved, ...(link && { link }) }, ...others].slice(0, MAX_NETWORKS);
      writeState(path, `${JSON.stringify({ version: VERSION, networks })}\n`, log);
    },
  };
}

function readNetworks(path: string, log: Log): readonly SavedNetwork[] {
  let text: string;
  try {
    text = readSmallFile(path, MAX_BYTES);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') {
      const message = `what was learned of networks cannot be read: ${messageOf(error)}; learning anew`;
      log.write('warn', 'stateNotRead', message, { path });
    }
    return [];
  }
  const networks = parseNetworks(text);
  if (networks !== null) return networks.slice(0, MAX_NETWORKS);
  log.write('warn', 'stateCorrupt', 'what was learned of networks is unreadable; learning anew', { path });
  return [];
}

function parseNetworks(text: string): readonly SavedNetwork[] | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null || !('version' in value) || !('networks' in value))
    return null;
  if (value.version !== VERSION || !Array.isArray(value.networks)) return null;
  return value.networks.every(isSavedNetwork) ? value.networks : null;
}

function isSavedNetwork(value: unknown): value is SavedNetwork {
  return typeof value === 'object' && value !== null && 'key' in value && typeof value.key === 'string';
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : null;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
