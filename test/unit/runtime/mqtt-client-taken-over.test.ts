import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import type { BrokerSettings } from '../../../config/settings.ts';
import { openMqtt } from '../../../runtime/mqtt-client.ts';

const CONNACK = Buffer.from([0x20, 3, 0, 0, 0]);
const disconnect = (reasonCode: number): Buffer => Buffer.from([0xe0, 2, reasonCode, 0]);

for (const [reasonCode, expected] of [
  [142, 'taken-over'],
  [139, 'broker-disconnect'],
] as const) {
  test(`a DISCONNECT with reason code ${reasonCode} closes as ${expected}`, async (t) => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end(Buffer.concat([CONNACK, disconnect(reasonCode)])));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => server.close());
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    const broker = { url: `mqtt://127.0.0.1:${address.port}` } as BrokerSettings;
    const cause = await new Promise((resolve, reject) => {
      openMqtt(
        {
          broker,
          clientId: 'pump',
          protocolVersion: 5,
          keepAliveSeconds: 60,
          ownPings: false,
          connectTimeoutMs: 10_000,
        },
        { onUp: () => {}, onConnectFailed: reject, onClosed: resolve, onMessage: () => {} },
      );
    });
    assert.equal(cause, expected);
  });
}
