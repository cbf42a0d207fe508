/** What breaks a connection without a limit behind it: the agent comes back, and draws no wrong conclusion. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { Cleanups } from '../support/cleanups.ts';
import { layNat } from '../support/nat.ts';
import { pause } from '../support/wait.ts';
import { intervalSeconds, linesOf, nth, startLearner, waitOn } from './learner.ts';

const INTERVAL_SECONDS = 3;
/** The monitor waits this many intervals before it calls a device dead. Coming back takes 8 s; 18 s are allowed. */
const COUNT = 6;
/** An upheaval costs one connection; a machine that stands still may cost another. */
const MAX_LOSSES = 2;
const OUTAGE_MS = 10_000;

/** An agent that has just had an answer, on a path that forgets nothing for a minute. */
async function settled(t: TestContext) {
  const cleanups = new Cleanups();
  t.after(() => cleanups.run());
  const nat = await layNat(cleanups, { answer: 'silent', idleTimeoutSeconds: 60 });
  const agent = startLearner(cleanups, nat.url, nat.onDevice, {
    keepalive_interval: `${INTERVAL_SECONDS}s`,
    keepalive_count: COUNT,
    // Nothing to find above it.
    max_interval: `${INTERVAL_SECONDS}s`,
  });
  await nth(agent, 'probeAcked', 1, 60_000);
  return { nat, agent, heardMs: performance.now() };
}

describe('an upheaval', { concurrency: true }, () => {
  const sudden = { 'a NAT that reboots': 'reboot', 'another address': 'moveDevice' } as const;
  for (const [name, strike] of Object.entries(sudden)) {
    it(`such as ${name} costs one connection, and nobody takes the device for dead`, async (t) => {
      const { nat, agent, heardMs } = await settled(t);
      nat[strike]();
      const from = agent.lines.length;
      await nth(agent, 'linkUp', 1, 60_000, from);
      const awayMs = performance.now() - heardMs;
      assert.ok(awayMs < INTERVAL_SECONDS * COUNT * 1000, `${awayMs} ms`);
      await nth(agent, 'probeAcked', 4, 120_000, from);
      assert.ok(linesOf(agent, 'linkLost').length <= MAX_LOSSES, agent.output());
      // One loss after a silence that was fine before is no reason to give up more than half of it.
      assert.ok(intervalSeconds(agent) >= INTERVAL_SECONDS / 2, agent.output());
    });
  }

  it('such as an outage is told from a path that forgets, and soon the interval is what it was', async (t) => {
    const { nat, agent } = await settled(t);
    const from = agent.lines.length;
    nat.unplugCloud();
    const unpluggedMs = performance.now();
    const explained = await nth(agent, 'lapseExplained', 1, 60_000);
    assert.equal(explained.cause, 'link-lost');
    await pause(OUTAGE_MS - (performance.now() - unpluggedMs));
    assert.equal(linesOf(agent, 'linkUp', from).length, 0);
    nat.plugCloud();
    await nth(agent, 'linkUp', 1, 60_000, from);
    const back = agent.lines.length;
    await waitOn(agent, `an answer after ${INTERVAL_SECONDS} s of silence again`, 120_000, () =>
      linesOf(agent, 'probeAcked', back).some(
        ({ silenceMs }) => Number(silenceMs) >= INTERVAL_SECONDS * 1000 * 0.9,
      ),
    );
    assert.ok(linesOf(agent, 'linkLost').length <= MAX_LOSSES, agent.output());
  });
});
