/** The feed on a broker in the same process that can be told what to refuse. */
import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { Aedes } from 'aedes';
import { systemClock } from '../../../../monitor/io/clock.ts';
import { Feed } from '../../../../monitor/io/feed.ts';
import { encodeNetworkReport } from '../../../../protocol/network-knowledge.ts';
import { encodeProbe } from '../../../../protocol/probe.ts';
import { encodeStatus } from '../../../../protocol/status.ts';
import { FakeLog } from './fakes.ts';

const PROBE = encodeProbe({ promisedSeconds: 30, repeat: false, externalPower: false, vitals: null });
const STATUS = encodeStatus({
  state: 'online',
  epoch: 1,
  intervalSeconds: 30,
  count: 3,
  reason: '',
  agentVersion: '',
  network: null,
  groups: [],
  configurationVersion: null,
  counters: { probes: 0, reconnects: 0, lapses: 0 },
});

const REPORT = encodeNetworkReport({
  network: 'n1',
  epoch: 1,
  summary: { survivesSeconds: 290, forgetsSeconds: 310 },
});

describe('the feed', () => {
  let broker: Aedes;
  let url: string;
  let feed: Feed;
  let log: FakeLog;
  let facts: string[];
  let closeServer: () => Promise<void>;
  const sockets = new Set<Socket>();

  beforeEach(async () => {
    broker = await Aedes.createBroker();
    const server = createServer((socket) => {
      sockets.add(socket);
      broker.handle(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    url = `mqtt://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
    closeServer = async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      await new Promise<void>((resolve) => broker.close(resolve));
    };
    log = new FakeLog();
    facts = [];
  });
  afterEach(async () => {
    await feed.stop(1000);
    await closeServer();
  });

  function listen(): void {
    feed = new Feed(
      {
        broker: { url, protocol: 'auto', connectTimeoutSeconds: 5 },
        clientId: 'monitor',
        clock: systemClock,
        random: () => 0,
        log,
      },
      {
        onLinkUp: () => said('up'),
        onLinkLost: () => said('lost'),
        onProbeBytes: (bytes, { nameStart, nameEnd }) => {
          const isKnown = String.fromCharCode(...bytes.subarray(nameStart, nameEnd)) === 'known';
          if (isKnown) said('touched known');
          return isKnown;
        },
        onProbe: (device, { promisedSeconds }) => said(`probe ${device} ${promisedSeconds}`),
        onStatus: (device, { state }, retained) =>
          said(`status ${device} ${state}${retained ? ' retained' : ''}`),
        onNetworkReport: (device, { network, summary }, retained) =>
          said(`report ${device} ${network} ${summary?.survivesSeconds}${retained ? ' retained' : ''}`),
        onRefused: (reason) => said(`refused ${reason}`),
      },
    );
    feed.start();
  }

  let waiting: { readonly fact: string; readonly resolve: () => void } | null = null;
  function said(fact: string): void {
    facts.push(fact);
    if (waiting?.fact === fact) waiting.resolve();
  }
  function hearing(fact: string): Promise<void> {
    if (facts.includes(fact)) return Promise.resolve();
    return new Promise((resolve) => {
      waiting = { fact, resolve };
    });
  }

  function publish(topic: string, payload: Uint8Array, retain = false): Promise<void> {
    return new Promise((resolve, reject) =>
      broker.publish(
        { cmd: 'publish', topic, payload: Buffer.from(payload), qos: 1, retain, dup: false },
        (error) => (error ? reject(error) : resolve()),
      ),
    );
  }

  it('falls back to 3.1.1, then turns messages into facts and refusals', async () => {
    await publish('khd/1/old/probe', PROBE, true);
    await publish('khd/1/d1/status', STATUS, true);
    await publish('khd/1/d1/network', REPORT, true);
    listen();
    await hearing('up');
    await hearing('report d1 n1 290 retained');
    await hearing('status d1 online retained');
    for (const [topic, payload] of [
      ['khd/1/d1/probe', PROBE],
      ['khd/1/d1/probe', new Uint8Array()],
      ['khd/1/alert/probe', PROBE],
      ['khd/1/d1/status', STATUS],
      ['khd/1/d1/status', new Uint8Array()],
      ['khd/1/d1/status', new Uint8Array(2049)],
      ['khd/1/d1/network', REPORT],
      ['khd/1/d1/network', new Uint8Array()],
      ['khd/1/d1/network', new Uint8Array(513)],
      ['khd/1/network/n1', REPORT],
      ['khd/1/known/probe', PROBE],
      ['khd/1/d2/probe', PROBE],
    ] as const) {
      await publish(topic, payload);
    }
    await hearing('probe d2 30');
    assert.deepEqual(facts.toSorted(), [
      'probe d1 30',
      'probe d2 30',
      'refused network-too-large',
      'refused probe-bad-length',
      'refused probe-retained',
      'refused status-too-large',
      'refused topic-bad-device-name',
      'report d1 n1 290',
      'report d1 n1 290 retained',
      'status d1 online',
      'status d1 online retained',
      'touched known',
      'up',
    ]);
  });

  it('is not up while the broker refuses a subscription, says so, and tries again', async () => {
    let refused = 0;
    const refusedTwice = new Promise<void>((resolve) => {
      broker.authorizeSubscribe = (_client, subscription, done) => {
        const no = subscription.topic.endsWith('/status');
        if (no) refused += 1;
        if (refused === 2) resolve();
        done(null, no ? null : subscription);
      };
    });
    listen();
    await refusedTwice;
    assert.deepEqual(facts, []);
    const line = log.lines.find(({ event }) => event === 'subscribeRefused');
    assert.equal(line?.level, 'error');
    assert.match(line?.message ?? '', /does not let the monitor subscribe/);
  });

  it('watches over the fleet where the broker keeps network reports from it, and says so', async () => {
    const refused = new Promise<void>((resolve) => {
      broker.authorizeSubscribe = (_client, subscription, done) => {
        const no = subscription.topic.endsWith('/network');
        done(null, no ? null : subscription);
        if (no) resolve();
      };
    });
    listen();
    await hearing('up');
    await refused;
    await publish('khd/1/d1/probe', PROBE);
    await hearing('probe d1 30');
    assert.deepEqual(facts, ['up', 'probe d1 30']);
    const line = log.lines.find(({ event }) => event === 'subscribeRefused');
    assert.equal(line?.level, 'warn');
  });

  it('rejects what cannot be published now or is unacknowledged when the link is lost', async () => {
    listen();
    const options = { qos: 1, retain: false } as const;
    await assert.rejects(feed.publish('khd/1/d1/ask', PROBE, options), { code: 'LINK_DOWN' });
    await hearing('up');
    await feed.publish('khd/1/d1/ask', PROBE, options);
    broker.authorizePublish = () => {
      for (const socket of sockets) socket.destroy();
    };
    await assert.rejects(feed.publish('khd/1/d1/ask', PROBE, options), { code: 'LINK_LOST' });
    await hearing('lost');
    assert.equal(facts.at(-1), 'lost');
  });
});
