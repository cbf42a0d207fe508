/** A hard limit on work that other programs are part of. */

/**
 * What `work` resolves with, or null when it fails or takes longer than `timeoutMs`. Its signal is aborted when
 * nobody waits for it any more, so that it can end what it started. `stop` ends the wait early. Never rejects.
 */
export async function withDeadline<T>(
  timeoutMs: number,
  work: (signal: AbortSignal) => Promise<T>,
  stop?: AbortSignal,
): Promise<T | null> {
  if (stop?.aborted) return null;
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let onStop = (): void => {};
  const deadline = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, null);
    onStop = () => resolve(null);
  });
  stop?.addEventListener('abort', onStop, { once: true });
  try {
    return await Promise.race([work(controller.signal), deadline]);
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
    stop?.removeEventListener('abort', onStop);
    controller.abort();
  }
}
