/** A dead path under an interface that is up, and a path that is down for a while: the one is left, the other is not. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { Cleanups } from '../support/cleanups.ts';
import { layNat } from '../support/nat.ts';
import { pause } from '../support/wait.ts';
import { linesOf, nth, startLearner } from './learner.ts';

const INTERVAL_SECONDS = 5;
const COUNT = 6;
/** The verdict's first deadline, as `verdict.floor` has it: round trips here take less than a millisecond. */
const FIRST_DEADLINE_MS = 1000;
/** A machine under load adds to a handshake of milliseconds. */
const LOAD_MARGIN_MS = 4000;
const SHADOW_MS = 10_000;

async function settled(t: TestContext) {
  const cleanups = new Cleanups();
  t.after(() => cleanups.run());
  const nat = await layNat(cleanups, { answer: 'silent', idleTimeoutSeconds: 300 });
  const agent = startLearner(cleanups, nat.url, nat.onDevice, {
    keepalive_interval: `${INTERVAL_SECONDS}s`,
    keepalive_count: COUNT,
    adaptive_mode: false,
    'verdict.floor': `${FIRST_DEADLINE_MS}ms`,
    'verdict.ceiling': '30s',
  });
  await nth(agent, 'probeAcked', 1, 60_000);
  return { nat, agent, from: agent.lines.length };
}

describe('make before break', { concurrency: true }, () => {
  it('replaces a connection that a NAT forgot after the first deadline, not after the whole verdict', async (t) => {
    const { nat, agent, from } = await settled(t);
    nat.reboot();
    const sent = await nth(agent, 'probeSent', 1, 60_000, from);
    const up = await nth(agent, 'linkUp', 1, 60_000, from);
    assert.equal(linesOf(agent, 'besideUp', from)[0]?.proves, 'link-dead', agent.output());
    const tookMs = Date.parse(String(up.time)) - Date.parse(String(sent.time));
    t.diagnostic(
      `reconnected ${tookMs} ms after the unanswered probe; keepalive_timeout ${INTERVAL_SECONDS * COUNT} s`,
    );
    assert.ok(tookMs >= FIRST_DEADLINE_MS && tookMs < FIRST_DEADLINE_MS + LOAD_MARGIN_MS, `${tookMs} ms`);
    assert.equal((await nth(agent, 'lapseExplained', 1, 60_000, from)).cause, 'path-forgot');
    await nth(agent, 'probeAcked', 1, 60_000, from);
    assert.equal(linesOf(agent, 'linkLost', from).length, 1);
  });

  it('keeps a connection through a shadow of 10 s', async (t) => {
    const { nat, agent, from } = await settled(t);
    nat.shadow(true);
    await pause(SHADOW_MS);
    assert.ok(linesOf(agent, 'besideOpened', from).length >= 1, agent.output());
    nat.shadow(false);
    await nth(agent, 'probeAcked', 2, 60_000, from);
    assert.equal(linesOf(agent, 'linkLost').length, 0, agent.output());
    assert.equal(linesOf(agent, 'linkUp').length, 1);
  });
});
