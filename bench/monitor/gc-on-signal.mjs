/**
 * Loaded into the monitor by `--import`: SIGUSR2 collects garbage, so that what is measured is what is kept. Twice:
 * what finalizers let go of in the first is freed in the second.
 */
process.on('SIGUSR2', () => {
  globalThis.gc();
  globalThis.gc();
});
