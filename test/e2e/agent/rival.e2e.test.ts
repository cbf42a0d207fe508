/** Two agents of one name at a broker that closes the older connection without a word, as it does over MQTT 3.1.1. */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { Cleanups } from '../support/cleanups.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import type { Program } from '../support/process.ts';
import { pause } from '../support/wait.ts';
import { count, nth, startAgent } from './agent.ts';

const QUIET_MS = 5000;

describe('two agents of one name', { concurrency: true }, () => {
  const cleanups = new Cleanups();
  after(() => cleanups.run());

  for (const protocol of ['3.1.1', '5'] as const) {
    it(`over MQTT ${protocol} both tell of it once, and wait ever longer instead of a war`, async (t) => {
      const broker = await startMosquitto();
      cleanups.add(() => broker.remove());
      const settings = {
        'broker.protocol': protocol,
        'reconnect.max_delay': '60s',
        'reconnect.stable_after': '60s',
        keepalive_count: 100,
      };
      const agents: Program[] = [];
      for (const _ of ['one', 'other']) {
        agents.push(startAgent(cleanups, broker.url, settings));
        await nth(agents.at(-1) as Program, 'linkUp', 1, 60_000);
      }
      const found = await Promise.all(agents.map((agent) => nth(agent, 'nameTaken', 1, 60_000)));
      const connects = (): number => agents.reduce((sum, agent) => sum + count(agent, 'linkUp'), 0);
      const atDetection = connects();
      await pause(QUIET_MS);
      t.diagnostic(
        `${protocol}: ${found.map(({ evidence }) => evidence).join('; ')}; ${atDetection} connections until both knew, ${connects() - atDetection} in the ${QUIET_MS / 1000} s after`,
      );
      for (const agent of agents) assert.equal(count(agent, 'nameTaken'), 1);
      // Reconnecting at 50 to 100 ms each, as after any other close, would be dozens.
      assert.ok(atDetection <= 20, `${atDetection} connections`);
      assert.ok(connects() - atDetection <= 12, `${connects() - atDetection} connections`);
    });
  }
});
