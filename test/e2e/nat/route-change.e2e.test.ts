/** Another path takes over from the one in use: noticed at once, and nothing wakes the agent before. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { Cleanups } from '../support/cleanups.ts';
import { layNat } from '../support/nat.ts';
import { pause } from '../support/wait.ts';
import { linesOf, nth, startLearner } from './learner.ts';

const INTERVAL_SECONDS = 1200;
const QUIET_MS = 5000;
/** Noticed within a quarter of a second; the rest is for a machine under load. */
const LOAD_MARGIN_MS = 8000;

/** Times that the main thread went to sleep. */
function sleeps(pid: number): number {
  return Number(
    /^voluntary_ctxt_switches:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1],
  );
}

it('an address that goes is left for the other path, twenty minutes before the next probe', async (t) => {
  const cleanups = new Cleanups();
  t.after(() => cleanups.run());
  const nat = await layNat(cleanups, { answer: 'silent', idleTimeoutSeconds: 3600 });
  nat.addSecondPath();
  const agent = startLearner(cleanups, nat.url, nat.onDevice, {
    keepalive_interval: `${INTERVAL_SECONDS}s`,
    adaptive_mode: false,
    max_interval: `${INTERVAL_SECONDS}s`,
  });
  await nth(agent, 'linkUp', 1, 60_000);
  // The handshake's last packets, and the duplicate address detection of new interfaces.
  await pause(3000);
  const before = sleeps(agent.pid);
  await pause(QUIET_MS);
  const wakeUps = sleeps(agent.pid) - before;
  // Looking once a second would be more.
  assert.ok(wakeUps < QUIET_MS / 1000, `${wakeUps} wake-ups in ${QUIET_MS} ms`);
  const from = agent.lines.length;
  const changedMs = Date.now();
  nat.dropFirstPath();
  const up = await nth(agent, 'linkUp', 1, 60_000, from);
  const tookMs = Date.parse(String(up.time)) - changedMs;
  t.diagnostic(`on the other path after ${tookMs} ms; ${wakeUps} wake-ups in the ${QUIET_MS} ms before`);
  assert.ok(tookMs < LOAD_MARGIN_MS, `${tookMs} ms`);
  assert.equal(linesOf(agent, 'linkLost', from)[0]?.how, 'address-gone');
});
