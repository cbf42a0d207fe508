/** A bare MQTT.js subscriber in a process of its own, which only counts: what a monitor cannot be faster than. */
import { openMqtt } from '../../runtime/mqtt-client.ts';

const [url = ''] = process.argv.slice(2);
let heard = 0;

const fail = (why: string): void => {
  process.stderr.write(`${why}\n`);
  process.exit(1);
};

const session = openMqtt(
  {
    broker: { url, protocol: '3.1.1', connectTimeoutSeconds: 10 },
    clientId: 'bare-subscriber',
    protocolVersion: 4,
    keepAliveSeconds: 15,
    ownPings: true,
    connectTimeoutMs: 10_000,
  },
  {
    onUp: () =>
      session.subscribe([{ topic: 'khd/1/+/probe', qos: 0 }], (error) => error && fail(error.message)),
    onConnectFailed: ({ message }) => fail(message),
    onClosed: (cause) => fail(cause),
    onMessage: () => {
      heard += 1;
    },
  },
);
process.on('SIGTERM', () => {
  process.stdout.write(`${heard}\n`, () => process.exit(0));
});
