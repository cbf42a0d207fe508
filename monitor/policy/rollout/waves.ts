/** Who gets a document when: sizes of waves, and the order in which devices are drawn. Pure. */

/** One wave of a plan, as the operator writes it: `1`, `5%`, `100%`. */
export interface WaveSize {
  readonly text: string;
  readonly count: number | null;
  readonly percent: number | null;
}

export const MAX_WAVES = 20;

export type ReadWaves =
  | { readonly ok: true; readonly waves: readonly WaveSize[] }
  | { readonly ok: false; readonly value: string; readonly problem: string };

/** Reads a plan. Each wave says how many devices have the document when it is through; the last one must be 100%. */
export function readWaves(texts: readonly string[]): ReadWaves {
  const bad = (value: string, problem: string): ReadWaves => ({ ok: false, value, problem });
  if (texts.length === 0 || texts.length > MAX_WAVES) {
    return bad(`${texts.length} waves`, `write 1 to ${MAX_WAVES} waves`);
  }
  const waves: WaveSize[] = [];
  for (const text of texts) {
    const size = readSize(text);
    if (size === null) return bad(text, 'write a number of devices, or a share in percent');
    const before = waves.at(-1);
    if (before !== undefined && !follows(before, size)) {
      return bad(text, `it comes after ${before.text}, and must be larger; shares come after numbers`);
    }
    waves.push(size);
  }
  const last = waves.at(-1);
  if (last?.percent !== 100) return bad(last?.text ?? '', 'the last wave must be 100%');
  return { ok: true, waves };
}

function readSize(text: string): WaveSize | null {
  const match = /^(\d{1,9})(\.\d{1,3})?(%?)$/.exec(text);
  if (match === null) return null;
  const value = Number(`${match[1]}${match[2] ?? ''}`);
  if (match[3] === '%') return value > 0 && value <= 100 ? { text, count: null, percent: value } : null;
  return match[2] === undefined && value > 0 ? { text, count: value, percent: null } : null;
}

function follows(before: WaveSize, size: WaveSize): boolean {
  if (size.percent !== null) return before.percent === null || size.percent > before.percent;
  return before.count !== null && size.count !== null && size.count > before.count;
}

/** How many of `devices` have the document once a wave is through. Every wave has at least one, the last one all. */
export function reachOf(size: WaveSize, devices: number): number {
  const wanted = size.count ?? Math.ceil((devices * (size.percent ?? 100)) / 100);
  return Math.min(devices, Math.max(1, wanted));
}

export interface Candidate {
  readonly device: string;
  readonly network: string | null;
}

/**
 * The order in which devices are drawn: each network in proportion to its size from the first wave on, and within it
 * by chance, which `salt` decides, so that it is not always the same device that goes first.
 */
export function drawOrder(candidates: Iterable<Candidate>, salt: string): readonly string[] {
  const networks = new Map<string | null, { device: string; rank: number }[]>();
  for (const { device, network } of candidates) {
    const members = networks.get(network) ?? [];
    members.push({ device, rank: rankOf(device, salt) });
    networks.set(network, members);
  }
  const placed: { readonly device: string; readonly place: number; readonly rank: number }[] = [];
  for (const members of networks.values()) {
    members.sort(byRank);
    for (const [at, { device, rank }] of members.entries()) {
      placed.push({ device, place: (at + 0.5) / members.length, rank });
    }
  }
  placed.sort((a, b) => a.place - b.place || byRank(a, b));
  return placed.map(({ device }) => device);
}

function byRank(
  a: { readonly rank: number; readonly device: string },
  b: { readonly rank: number; readonly device: string },
): number {
  return a.rank - b.rank || (a.device < b.device ? -1 : 1);
}

/** FNV-1a over 32 bits, mixed at the end (Murmur3's finalizer): names that differ in a digit lie far apart. */
function rankOf(device: string, salt: string): number {
  let hash = 0x811c9dc5;
  for (const char of `${salt}/${device}`) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
