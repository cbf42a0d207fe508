/** What the kernel does with the agent's socket, as it says itself. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { afterEach, describe, it } from 'node:test';
import { Cleanups } from '../support/cleanups.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { nth, startAgent } from './agent.ts';

const cleanups = new Cleanups();
afterEach(() => cleanups.run());

/** The timer of the agent's connection, such as `keepalive,44min`; null: none runs. */
function timerTo(port: number): string | null {
  const text = execFileSync('ss', ['-tno', 'state', 'established', `( dport = :${port} )`], {
    encoding: 'utf8',
  });
  return /timer:\(([a-z]+,[^,]+),/.exec(text)?.[1] ?? null;
}

describe('os_keepalive', () => {
  for (const [mode, timer] of [
    ['only', /^keepalive,(?:[1-9]|[1-3]\d)(?:\.\d+)?sec|^keepalive,\d+ms/],
    // Begins where the agent's own probes have failed: here 40 s and three times that.
    ['on', /^keepalive,(?:1|2)min/],
    ['off', null],
  ] as const) {
    it(`${mode}: ${timer === null ? 'the kernel keeps out of it' : 'the kernel keeps to the times of the agent'}`, async () => {
      const broker = await startMosquitto();
      cleanups.add(() => broker.remove());
      const agent = startAgent(cleanups, broker.url, { os_keepalive: mode, keepalive_interval: '40s' });
      await nth(agent, 'networkJoined', 1, 60_000);
      const found = timerTo(broker.port);
      if (timer === null) assert.equal(found, null);
      else assert.match(found ?? 'none', timer, agent.output());
    });
  }
});
