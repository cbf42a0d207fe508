/** Waiting for something real: by looking, not by sleeping for as long as it takes on one machine. */
const LOOK_EVERY_MS = 20;

/** Resolves with the first value that is not null, undefined or false; fails after `timeoutMs` naming `what`. */
export async function waitFor<T>(
  what: string | (() => string),
  timeoutMs: number,
  look: () => T | null | undefined | false | Promise<T | null | undefined | false>,
): Promise<T> {
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    const value = await look();
    if (value !== null && value !== undefined && value !== false) return value;
    if (performance.now() > endMs) {
      throw new Error(`waited ${timeoutMs} ms in vain for ${typeof what === 'string' ? what : what()}`);
    }
    await pause(LOOK_EVERY_MS);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
