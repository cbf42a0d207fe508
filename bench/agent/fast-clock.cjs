/**
 * Loaded before the program: from the first SIGUSR2 on its clock and its timers run FASTER times as fast, so that weeks of
 * probes pass in minutes. Each SIGUSR2 after that collects and prints the bytes of the heap in use.
 */
'use strict';
const FASTER = 100;
const realNow = process.hrtime.bind(process);
const realTimeout = globalThis.setTimeout;
let since = null;
const msOf = ([seconds, nanoseconds]) => seconds * 1000 + nanoseconds / 1e6;

process.hrtime = Object.assign(() => {
  const now = msOf(realNow());
  const ms = since === null ? now : since + (now - since) * FASTER;
  return [Math.floor(ms / 1000), Math.round((ms % 1000) * 1e6)];
}, process.hrtime);
globalThis.setTimeout = (act, ms, ...rest) =>
  realTimeout(act, since === null ? ms : Math.max(1, ms / FASTER), ...rest);

process.on('SIGUSR2', () => {
  if (since === null) {
    since = msOf(realNow());
    return;
  }
  globalThis.gc();
  globalThis.gc();
  process.stdout.write(`heap ${process.memoryUsage().heapUsed}.\n`);
});
