/** Durations as people write them: a number with its unit. In the code they are seconds. */

const UNIT_SECONDS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 };
const WRITTEN = /^(\d{1,12}(?:\.\d{1,6})?)(ms|s|m|h|d)?$/;

/** Seconds meant by `text` ("500ms", "30s", "20m", "2h", "1d"; a bare number is seconds), or null. */
export function parseDuration(text: string): number | null {
  const match = WRITTEN.exec(text);
  if (match?.[1] === undefined) return null;
  const seconds = Number(match[1]) * (UNIT_SECONDS[match[2] ?? 's'] ?? Number.NaN);
  // To whole microseconds: 0.1 × 0.001 must not print as 0.00010000000000000002.
  return Math.round(seconds * 1e6) / 1e6;
}

/** The shortest exact way to write `seconds`: "30s", "20m", "1500ms". Inverse of `parseDuration`. */
export function formatDuration(seconds: number): string {
  if (seconds === 0) return '0s';
  for (const [unit, size] of [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
    ['s', 1],
  ] as const) {
    if (Number.isInteger(seconds / size)) return `${seconds / size}${unit}`;
  }
  return `${Math.round(seconds * 1e6) / 1000}ms`;
}
