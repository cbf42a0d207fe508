/**
 * Random numbers that can be replayed: the seed is printed with the run and taken from TEST_SEED. `KHD_` is the
 * prefix of settings: the program refuses a variable of that name that it does not know.
 */

/** A seed for this run: `TEST_SEED`, or a new one. */
export function chooseSeed(): number {
  const given = process.env.TEST_SEED;
  const seed = given === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(given);
  if (!Number.isInteger(seed)) throw new Error(`TEST_SEED: "${given}" is not a whole number`);
  return seed >>> 0;
}

/** mulberry32: uniform in [0, 1), the same sequence for the same seed. */
export function seeded(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = a;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A whole number in [low, high]. */
export function between(random: () => number, low: number, high: number): number {
  return low + Math.floor(random() * (high - low + 1));
}

export function pick<T>(random: () => number, from: readonly T[]): T {
  const chosen = from[Math.floor(random() * from.length)];
  if (chosen === undefined) throw new Error('nothing to pick from');
  return chosen;
}

/** A copy of `bytes` with one to three changes: a bit, a byte, an insertion, a removal, a cut, a repetition. */
export function mutated(random: () => number, bytes: Uint8Array): Uint8Array {
  const result = [...bytes];
  for (let changes = between(random, 1, 3); changes > 0; changes -= 1) {
    const at = between(random, 0, Math.max(0, result.length - 1));
    const here = result[at] ?? 0;
    const kind = between(random, 0, 5);
    if (kind === 0) result[at] = here ^ (1 << between(random, 0, 7));
    else if (kind === 1) result[at] = between(random, 0, 255);
    else if (kind === 2) result.splice(at, 0, between(random, 0, 255));
    else if (kind === 3) result.splice(at, between(random, 1, 4));
    else if (kind === 4) result.length = at;
    else result.splice(at, 0, ...result.slice(at, at + between(random, 1, 8)));
  }
  return Uint8Array.from(result);
}

export function randomBytes(random: () => number, maxLength: number): Uint8Array {
  return Uint8Array.from({ length: between(random, 0, maxLength) }, () => between(random, 0, 255));
}
