/**
 * Loaded into the monitor by `--import`: SIGUSR2 collects garbage, so that what is measured is what is kept. Twice:
 * what finalizers let go of in the first is freed in the second. Then the allocator gives it back, as the monitor has it
 * do every five seconds.
 */
import koffi from 'koffi';

const trim = koffi.load(null).func('int malloc_trim(size_t)');

process.on('SIGUSR2', () => {
  globalThis.gc();
  globalThis.gc();
  // What was freed on another thread is, a moment later.
  setTimeout(() => trim(0), 100).unref();
});
