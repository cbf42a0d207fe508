import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { startEmbeddedBroker } from '../../../../monitor/io/embedded-broker.ts';
import { openMqtt } from '../../../../runtime/mqtt-client.ts';

const HOST = '127.0.0.1';

/** Connects with MQTT 3.1.1; resolves with how the connection ended after `whenUp`. */
function client(port: number, whenUp: () => void): Promise<string> {
  return new Promise((resolve, reject) => {
    openMqtt(
      {
        broker: { url: `mqtt://${HOST}:${port}`, protocol: '3.1.1', connectTimeoutSeconds: 5 },
        clientId: 'test',
        protocolVersion: 4,
        keepAliveSeconds: 60,
        ownPings: false,
        connectTimeoutMs: 5000,
      },
      {
        onUp: whenUp,
        onConnectFailed: ({ message }) => reject(new Error(message)),
        onClosed: resolve,
        onMessage: () => {},
      },
    );
  });
}

describe('the embedded broker', () => {
  it('serves clients, survives one that speaks no MQTT, and drops them all when it closes', async () => {
    const broker = await startEmbeddedBroker(HOST, 0);
    const stranger = connect(broker.port, HOST);
    await new Promise((resolve) => {
      stranger.once('close', resolve).on('error', () => {});
      stranger.write('GET / HTTP/1.1\r\n\r\n');
    });
    let closing: Promise<void> = Promise.resolve();
    const ended = await client(broker.port, () => {
      closing = broker.close();
    });
    await closing;
    assert.match(ended, /^(peer-closed|reset)$/);
  });

  it('names the address that is taken', async () => {
    const broker = await startEmbeddedBroker(HOST, 0);
    await assert.rejects(startEmbeddedBroker(HOST, broker.port), {
      code: 'BROKER_LISTEN',
      message: new RegExp(`^embedded_broker\\.listen ${HOST}:${broker.port}: the port is taken`),
    });
    await broker.close();
  });
});
