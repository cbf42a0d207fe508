/** A NAT that forgets idle connections: the agent finds out after how long, and then never lets it happen. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { Cleanups } from '../support/cleanups.ts';
import { layNat, type NatOptions } from '../support/nat.ts';
import { assertLearned, linesOf, nth, settle, startLearner, waitOn } from './learner.ts';

const LIMIT_SECONDS = 5;

async function lay(t: TestContext, options: NatOptions) {
  const cleanups = new Cleanups();
  t.after(() => cleanups.run());
  return { cleanups, nat: await layNat(cleanups, options) };
}

// Each test waits for a path of its own.
describe('an idle path', { concurrency: true }, () => {
  it('that is forgotten in silence is found out within few drops, and no silence reaches its limit again', async (t) => {
    const { cleanups, nat } = await lay(t, { answer: 'silent', idleTimeoutSeconds: LIMIT_SECONDS });
    const agent = startLearner(cleanups, nat.url, nat.onDevice);
    assertLearned(await settle(agent, LIMIT_SECONDS), LIMIT_SECONDS);
    assert.ok(nat.packets().unknown > 0, 'the NAT has forgotten nothing');
    assert.ok(linesOf(agent, 'linkLost').some(({ how }) => how === 'unanswered'));
  });

  it('whose NAT answers with a reset once it has forgotten is found out too', async (t) => {
    const { cleanups, nat } = await lay(t, { answer: 'loud', idleTimeoutSeconds: LIMIT_SECONDS });
    const agent = startLearner(cleanups, nat.url, nat.onDevice);
    assertLearned(await settle(agent, LIMIT_SECONDS), LIMIT_SECONDS);
    assert.ok(linesOf(agent, 'linkLost').some(({ how }) => how === 'reset'));
  });

  it('that the next packet revives does not hold the interval down', async (t) => {
    const { cleanups, nat } = await lay(t, { answer: 'reviving', idleTimeoutSeconds: LIMIT_SECONDS });
    const agent = startLearner(cleanups, nat.url, nat.onDevice, { max_interval: '9s' });
    await waitOn(
      agent,
      'two answers after more than the limit',
      120_000,
      () =>
        linesOf(agent, 'probeAcked').filter(({ silenceMs }) => Number(silenceMs) > LIMIT_SECONDS * 1000 + 500)
          .length >= 2,
    );
    assert.equal(linesOf(agent, 'linkLost').length, 0);
    assert.ok(nat.packets().unknown >= 2, 'the NAT has forgotten nothing');
  });

  it('with another limit for each port is found out by each device for itself', async (t) => {
    const { cleanups, nat } = await lay(t, {
      answer: 'silent',
      idleTimeoutSeconds: 60,
      idleTimeoutSecondsByPort: { 1884: 7, 1885: 5 },
    });
    const [slow, quick] = [
      startLearner(cleanups, nat.urlAt(1884), nat.onDevice, {
        'device.name': 'slow',
        keepalive_interval: '4s',
        max_interval: '8s',
      }),
      startLearner(cleanups, nat.urlAt(1885), nat.onDevice, { 'device.name': 'quick' }),
    ];
    const [ofSlow, ofQuick] = await Promise.all([settle(slow, 7), settle(quick, 5)]);
    assertLearned(ofSlow, 7);
    assertLearned(ofQuick, 5);
  });

  it('that comes to be forgotten sooner is followed down', async (t) => {
    const { cleanups, nat } = await lay(t, { answer: 'silent', idleTimeoutSeconds: 60 });
    const agent = startLearner(cleanups, nat.url, nat.onDevice);
    await waitOn(agent, 'an answer after almost 6 s', 120_000, () =>
      linesOf(agent, 'probeAcked').some(({ silenceMs }) => Number(silenceMs) > 5500),
    );
    const from = agent.lines.length;
    nat.setIdleTimeout(3);
    assertLearned(await settle(agent, 3, from), 3);
  });

  it('carries nothing between two probes', async (t) => {
    const { cleanups, nat } = await lay(t, { answer: 'silent', idleTimeoutSeconds: 60 });
    const agent = startLearner(cleanups, nat.url, nat.onDevice, { adaptive_mode: false });
    await nth(agent, 'probeAcked', 1, 60_000);
    // Right before the second probe, whatever followed the first one's answer is over.
    const before = nat.packets();
    const PROBES = 4;
    await nth(agent, 'probeAcked', 1 + PROBES, 60_000);
    const after = nat.packets();
    // Each way a probe takes the packet itself and an acknowledgement: 8, and one for the ends of the window. A busy
    // machine has TCP repeat some: up to 14 are tolerated. One more packet a second would make 20.
    for (const way of ['up', 'down'] as const) {
      const packets = after[way] - before[way];
      assert.ok(packets >= PROBES && packets <= 2 * PROBES + 6, `${way}: ${packets}`);
    }
    assert.equal(after.unknown, 0);
  });
});
