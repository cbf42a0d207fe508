/**
 * Balancers that close idle connections, with a FIN and exactly at their limit. WebSocket proxies
 * (`proxy_read_timeout`) belong here too as soon as the agent speaks WebSocket.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Cleanups } from '../support/cleanups.ts';
import { startHaproxy } from '../support/haproxy.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { startNginx } from '../support/nginx.ts';
import { linesOf, settle, startLearner } from './learner.ts';

const LIMIT_SECONDS = 5;
const PROXIES = { HAProxy: startHaproxy, nginx: startNginx };

describe('a proxy that closes idle connections', { concurrency: true }, () => {
  for (const [name, startProxy] of Object.entries(PROXIES)) {
    it(`(${name}) is found out within few drops, and has no reason to close again`, async (t) => {
      const cleanups = new Cleanups();
      t.after(() => cleanups.run());
      const broker = await startMosquitto();
      cleanups.add(() => broker.remove());
      const port = await startProxy(cleanups, broker.port, LIMIT_SECONDS);
      const agent = startLearner(cleanups, `mqtt://127.0.0.1:${port}`);
      const explained = await settle(agent, LIMIT_SECONDS);
      assert.equal(explained.length, linesOf(agent, 'linkLost').length);
      const [first] = linesOf(agent, 'linkLost');
      assert.equal(first?.how, 'peer-closed');
      // The FIN dates the death: within 20 ms on an idle machine, tolerated is half of the limit.
      const lateMs = Number(first?.silenceMs) - LIMIT_SECONDS * 1000;
      assert.ok(lateMs > -200 && lateMs < (LIMIT_SECONDS * 1000) / 2, JSON.stringify(first));
    });
  }
});
