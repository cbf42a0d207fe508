/** Time that only goes forward, in ms (CLOCK_MONOTONIC). `performance.now()` would load all of `perf_hooks` for it. */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}
