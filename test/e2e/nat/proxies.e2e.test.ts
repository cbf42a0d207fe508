/** Proxies and balancers that close idle connections, with a FIN and exactly at their limit. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Cleanups } from '../support/cleanups.ts';
import { startHaproxy } from '../support/haproxy.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { startNginx, startNginxWebSocket } from '../support/nginx.ts';
import { freePort } from '../support/ports.ts';
import { linesOf, settle, startLearner } from './learner.ts';

const LIMIT_SECONDS = 5;
const PROXIES = [
  { name: 'HAProxy', start: startHaproxy, webSocket: false },
  { name: 'nginx', start: startNginx, webSocket: false },
  { name: 'nginx before a WebSocket', start: startNginxWebSocket, webSocket: true },
] as const;

describe('a proxy that closes idle connections', { concurrency: true }, () => {
  for (const { name, start, webSocket } of PROXIES) {
    it(`(${name}) is found out within few drops, and has no reason to close again`, async (t) => {
      const cleanups = new Cleanups();
      t.after(() => cleanups.run());
      const webSocketPort = await freePort();
      const config = [`listener ${webSocketPort} 127.0.0.1`, 'protocol websockets'];
      const broker = await startMosquitto({ config });
      cleanups.add(() => broker.remove());
      const port = await start(cleanups, webSocket ? webSocketPort : broker.port, LIMIT_SECONDS);
      const url = webSocket ? `ws://127.0.0.1:${port}/mqtt` : `mqtt://127.0.0.1:${port}`;
      const agent = startLearner(cleanups, url);
      const explained = await settle(agent, LIMIT_SECONDS);
      t.diagnostic(`${explained.length} drops: ${explained.map(({ silenceMs }) => silenceMs).join(', ')} ms`);
      assert.equal(explained.length, linesOf(agent, 'linkLost').length);
      const [first] = linesOf(agent, 'linkLost');
      assert.equal(first?.how, 'peer-closed');
      // The FIN dates the death: within 20 ms on an idle machine, tolerated is half of the limit.
      const lateMs = Number(first?.silenceMs) - LIMIT_SECONDS * 1000;
      assert.ok(lateMs > -200 && lateMs < (LIMIT_SECONDS * 1000) / 2, JSON.stringify(first));
    });
  }
});
