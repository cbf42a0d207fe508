/** What a broker's CONNACK allows is kept to: a broker of the test's own counts what reaches it. */
import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { BrokerSettings } from '../../../config/settings.ts';
import type { ConnectFailure } from '../../../runtime/connect-failure.ts';
import { openMqtt } from '../../../runtime/mqtt-client.ts';
import type { MqttEvents, MqttSession } from '../../../runtime/mqtt-session.ts';
import { CONNECT, PUBLISH, packetsOf, SUBSCRIBE } from '../../e2e/agent/wire.ts';

/** Properties of a CONNACK (MQTT 5 section 3.2.2.3): identifier and value. */
const u16 = (id: number, value: number): readonly number[] => [id, value >> 8, value & 0xff];
const text = (id: number, value: string): readonly number[] => [
  ...u16(id, value.length),
  ...Buffer.from(value),
];
const RECEIVE_MAXIMUM_1 = u16(0x21, 1);
const MAXIMUM_PACKET_SIZE_60 = [0x27, 0, 0, 0, 60];
const NO_RETAIN = [0x25, 0];

interface Received {
  readonly topic: string;
  readonly qos: number;
  readonly isRetained: boolean;
  readonly packetId: number;
}

interface HostileBroker {
  readonly broker: BrokerSettings;
  readonly published: Received[];
  /** Types of packets. */
  readonly seen: number[];
  /** The CONNECT as it came. */
  connect(): Buffer;
  /** Acknowledges the oldest message that was not. */
  acknowledge(): void;
  end(): void;
}

function receivedOf(bytes: Buffer): Received {
  const [flags, length] = [bytes.readUInt8(0), bytes.readUInt16BE(2)];
  const qos = (flags >> 1) & 3;
  assert.ok(bytes.readUInt8(1) < 128, 'longer than this test reads');
  return {
    topic: bytes.toString('utf8', 4, 4 + length),
    qos,
    isRetained: (flags & 1) === 1,
    packetId: qos === 0 ? 0 : bytes.readUInt16BE(4 + length),
  };
}

async function startBroker(
  t: TestContext,
  properties: readonly number[],
  reasonCode = 0,
): Promise<HostileBroker> {
  const published: Received[] = [];
  const seen: number[] = [];
  let acknowledged = 0;
  let client: Socket | null = null;
  let connectPacket: Buffer = Buffer.alloc(0);
  const server = createServer((socket) => {
    client = socket.on('error', () => {});
    let unread = Buffer.alloc(0);
    socket.on('data', (bytes: Buffer) => {
      unread = Buffer.concat([unread, bytes]);
      for (const packet of packetsOf(unread)) {
        unread = unread.subarray(packet.bytes.length);
        seen.push(packet.type);
        if (packet.type === PUBLISH) published.push(receivedOf(packet.bytes));
        if (packet.type !== CONNECT) continue;
        connectPacket = packet.bytes;
        const length = 3 + properties.length;
        socket.write(Buffer.from([0x20, length, 0, reasonCode, properties.length, ...properties]));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    client?.destroy();
    server.close();
  });
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return {
    broker: { url: `mqtt://127.0.0.1:${address.port}` } as BrokerSettings,
    published,
    seen,
    connect: () => connectPacket,
    acknowledge() {
      const { packetId } = published[acknowledged] ?? assert.fail('nothing to acknowledge');
      acknowledged += 1;
      client?.write(Buffer.from([0x40, 2, packetId >> 8, packetId & 0xff]));
    },
    end: () => void client?.destroy(),
  };
}

function connect(broker: BrokerSettings, events: Partial<MqttEvents>): MqttSession {
  const nothing = (): void => {};
  return openMqtt(
    {
      broker,
      clientId: 'pump',
      protocolVersion: 5,
      keepAliveSeconds: 60,
      ownPings: false,
      connectTimeoutMs: 60_000,
      maximumPacketSize: 0x1_0203,
    },
    { onUp: nothing, onConnectFailed: nothing, onClosed: nothing, onMessage: nothing, ...events },
  );
}

async function up(t: TestContext, broker: BrokerSettings): Promise<MqttSession> {
  let session: MqttSession | null = null;
  await new Promise<void>((resolve, reject) => {
    session = connect(broker, { onUp: () => resolve(), onConnectFailed: (failure) => reject(failure) });
  });
  const opened = session as MqttSession | null;
  assert.ok(opened !== null);
  t.after(() => opened.destroy());
  return opened;
}

const PATIENCE_MS = 60_000;

async function until(condition: () => boolean): Promise<void> {
  const startMs = performance.now();
  while (!condition()) {
    if (performance.now() - startMs > PATIENCE_MS) throw new Error(`it never came to this: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** Resolves when the broker has read all that was sent before: QoS 0 waits for nobody. */
async function fence(session: MqttSession, { published }: HostileBroker): Promise<void> {
  session.publish('fence', new Uint8Array(0), { qos: 0 });
  await until(() => published.some(({ topic }) => topic === 'fence'));
}

const names = ({ published }: HostileBroker): readonly string[] =>
  published.filter(({ qos }) => qos === 1).map(({ topic }) => topic);

test('Receive Maximum 1: one message at a time, in order, and those without a turn are told of the end', async (t) => {
  const broker = await startBroker(t, RECEIVE_MAXIMUM_1);
  const session = await up(t, broker.broker);
  const done: string[] = [];
  for (const topic of ['a', 'b', 'c']) {
    session.publish(topic, new Uint8Array(1), { qos: 1 }, (error) => done.push(`${topic} ${error === null}`));
  }
  await fence(session, broker);
  assert.deepEqual(names(broker), ['a']);
  broker.acknowledge();
  await until(() => names(broker).length === 2);
  assert.deepEqual([names(broker), done], [['a', 'b'], ['a true']]);
  broker.end();
  await until(() => done.length === 2);
  assert.deepEqual(done, ['a true', 'c false']);
  session.destroy();
  await until(() => done.length === 3);
  assert.deepEqual(done.at(-1), 'b false');
});

test('Maximum Packet Size: what is larger is not sent, and refused in words', async (t) => {
  const broker = await startBroker(t, MAXIMUM_PACKET_SIZE_60);
  const session = await up(t, broker.broker);
  const error = await new Promise<(Error & { code?: number | string }) | null>((resolve) =>
    session.publish('status', new Uint8Array(100), { qos: 1 }, resolve),
  );
  assert.equal(error?.code, 0x95);
  assert.match(error?.message ?? '', /packets of 60 at most/);
  const subscribed = await new Promise<Error | null>((resolve) =>
    session.subscribe([{ topic: 'x'.repeat(80), qos: 1 }], resolve),
  );
  assert.notEqual(subscribed, null);
  session.publish('probe', new Uint8Array(6), { qos: 1 });
  await until(() => names(broker).length === 1);
  assert.deepEqual(names(broker), ['probe']);
  assert.ok(!broker.seen.includes(SUBSCRIBE));
});

test('a broker is told how large a packet may be', async (t) => {
  const broker = await startBroker(t, []);
  await up(t, broker.broker);
  assert.ok(broker.connect().includes(Buffer.from([0x27, 0, 1, 2, 3])));
});

test('Retain Available 0: nothing is retained', async (t) => {
  const broker = await startBroker(t, NO_RETAIN);
  const session = await up(t, broker.broker);
  session.publish('status', new Uint8Array(1), { qos: 1, retain: true });
  await until(() => names(broker).length === 1);
  assert.equal(broker.published[0]?.isRetained, false);
});

test('an Assigned Client Identifier, a Server Keep Alive of 0 and no Topic Alias are lived with', async (t) => {
  const properties = [...text(0x12, 'somebody'), ...u16(0x13, 0), ...u16(0x22, 0)];
  const broker = await startBroker(t, properties);
  const session = await up(t, broker.broker);
  for (let n = 0; n < 2; n += 1) session.publish('probe', new Uint8Array(1), { qos: 1, alias: true });
  await until(() => names(broker).length === 2);
  assert.deepEqual(names(broker), ['probe', 'probe']);
});

test('a refusal is told with what the broker adds to it', async (t) => {
  const properties = [...text(0x1f, 'moved on Monday'), ...text(0x1c, 'b.example:8883')];
  const broker = await startBroker(t, properties, 0x9d);
  const failure = await new Promise<ConnectFailure>((resolve) =>
    connect(broker.broker, { onConnectFailed: resolve }),
  );
  assert.equal(failure.kind, 'unavailable');
  assert.match(
    failure.message,
    /Server moved; it says: moved on Monday; it names another server: b\.example/,
  );
});
