/** A broker's name with two addresses, on a path where a SYN was lost: the first address is waited for. */
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { Cleanups } from '../support/cleanups.ts';
import { run } from '../support/namespaces.ts';
import { CLOUD, layNat } from '../support/nat.ts';
import { linesOf, nth, startLearner } from './learner.ts';

const NAME = 'two-addresses.test';
/** Nobody has it. */
const NOBODY = '10.9.2.77';
/** RFC 6298 (2.1). */
const SYN_REPEATED_MS = 1000;

it('gives the first address time for a SYN to be repeated, as a modem that wakes up needs', async (t) => {
  const cleanups = new Cleanups();
  t.after(() => cleanups.run());
  const nat = await layNat(cleanups, { answer: 'silent', idleTimeoutSeconds: 300 });
  // `ip netns exec` puts this in the place of /etc/hosts.
  const folder = join('/etc/netns', nat.device);
  mkdirSync(folder, { recursive: true });
  cleanups.add(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'hosts'), `127.0.0.1 localhost\n${CLOUD} ${NAME}\n${NOBODY} ${NAME}\n`);
  // The first SYN of all, and no other.
  const lost = 'iifname "lan0" tcp flags & (syn|ack) == syn limit rate 1/day burst 1 packets drop';
  run('ip', ['netns', 'exec', nat.router, 'nft', '-f', '-'], `insert rule ip flt fward ${lost}\n`);
  const agent = startLearner(cleanups, `mqtt://${NAME}:1883`, nat.onDevice, {
    // As long a connect as is configured: a shorter patience of the monitor would cut it.
    keepalive_interval: '60s',
    adaptive_mode: false,
    max_interval: '60s',
  });
  const up = await nth(agent, 'linkUp', 1, 60_000);
  const started = linesOf(agent, 'started')[0];
  const tookMs = Date.parse(String(up.time)) - Date.parse(String(started?.time));
  t.diagnostic(`connected after ${tookMs} ms`);
  assert.ok(tookMs >= SYN_REPEATED_MS, `${tookMs} ms: no SYN was lost`);
  assert.equal(linesOf(agent, 'connectFailed').length, 0, agent.output());
});
