import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Networks } from '../../../monitor/networks.ts';
import type { NetworkRecord } from '../../../monitor/policy/network-knowledge.ts';
import { NetworkTable } from '../../../monitor/policy/network-table.ts';
import { type NetworkReport, parseNetworkKnowledge } from '../../../protocol/network-knowledge.ts';
import { FakeClock, FakeLog } from './io/fakes.ts';

function report(network: string, survivesSeconds: number | null, epoch = 1): NetworkReport {
  if (survivesSeconds === null) return { network, epoch, summary: null };
  return { network, epoch, summary: { survivesSeconds, forgetsSeconds: survivesSeconds + 10 } };
}

describe('fleet knowledge', () => {
  let clock: FakeClock;
  let log: FakeLog;
  let networks: Networks;
  /** What the broker retains: what was survived, by topic. */
  let retained: Map<string, number>;
  let published: string[];
  let attempts: number;
  let inFlight: number;
  let saves: NetworkRecord[];
  let forgotten: string[];
  let failure: Error | null;
  let hold: Promise<void>;
  let linkCuts: () => void;

  function start(records: readonly NetworkRecord[]): void {
    networks = new Networks({
      table: new NetworkTable(records),
      publisher: {
        async publish(topic, payload, options) {
          attempts += 1;
          inFlight += 1;
          assert.equal(inFlight, 1, 'one at a time');
          await hold;
          inFlight -= 1;
          if (failure !== null) {
            linkCuts();
            throw failure;
          }
          assert.deepEqual(options, { qos: 1, retain: true });
          published.push(topic);
          if (payload.length === 0) {
            retained.delete(topic);
            return;
          }
          const parsed = parseNetworkKnowledge(payload);
          assert.ok(parsed.ok);
          retained.set(topic, parsed.knowledge.summary.survivesSeconds);
        },
      },
      keep: (records, gone) => {
        saves.push(...records);
        forgotten.push(...gone);
      },
      clock,
      log,
    });
  }

  async function kept(): Promise<void> {
    networks.kept(saves.map(({ network }) => network));
    await settled();
  }
  async function settled(): Promise<void> {
    for (let turn = 0; turn < 5; turn += 1) await nextTurn();
  }

  beforeEach(() => {
    clock = new FakeClock();
    log = new FakeLog();
    retained = new Map();
    published = [];
    attempts = 0;
    inFlight = 0;
    saves = [];
    forgotten = [];
    failure = null;
    hold = Promise.resolve();
    linkCuts = () => {};
    start([]);
  });

  it('is told, retained, once it is durable', async () => {
    networks.linkUp();
    assert.equal(networks.reportHeard('a', report('n', 300), false), null);
    await settled();
    assert.deepEqual(published, []);
    assert.deepEqual(
      saves.map(({ network, votes }) => [network, votes.length]),
      [['n', 1]],
    );
    await kept();
    assert.deepEqual([...retained], [['khd/1/network/n', 300]]);
  });

  it('waits for the link, and for nothing but its own commit', async () => {
    networks.reportHeard('a', report('n', 300), false);
    networks.reportHeard('a', report('m', 300), false);
    networks.kept(['n']);
    networks.linkUp();
    await settled();
    assert.deepEqual([...retained.keys()], ['khd/1/network/n']);
    await kept();
    assert.deepEqual([...retained.keys()], ['khd/1/network/n', 'khd/1/network/m']);
  });

  it('is told again after the link was lost in the middle', async () => {
    for (const network of ['n1', 'n2', 'n3']) networks.reportHeard('a', report(network, 300), false);
    await kept();
    failure = new Error('the link was lost');
    linkCuts = () => networks.linkLost();
    networks.linkUp();
    await settled();
    assert.deepEqual(published, []);
    assert.equal(attempts, 1);
    assert.deepEqual(
      log.events().filter((event) => event === 'knowledgeUntold'),
      [],
    );
    failure = null;
    networks.linkUp();
    await settled();
    assert.equal(retained.size, 3);
  });

  it('that the broker refuses is named once, and harms nothing', async () => {
    for (const network of ['n1', 'n2', 'n3']) networks.reportHeard('a', report(network, 300), false);
    await kept();
    failure = new Error('Not authorized');
    networks.linkUp();
    await settled();
    assert.equal(log.events().filter((event) => event === 'knowledgeUntold').length, 1);
    assert.equal(networks.reportHeard('b', report('n1', 300), false), null);
  });

  it('is told in its newest form when it changes while it is being told', async () => {
    let release = (): void => {};
    networks.linkUp();
    networks.reportHeard('a', report('n', 300), false);
    hold = new Promise((resolve) => {
      release = resolve;
    });
    await kept();
    networks.reportHeard('a', report('n', 100), false);
    await kept();
    release();
    await settled();
    assert.deepEqual([...retained], [['khd/1/network/n', 100]]);
    assert.equal(published.length, 2);
  });

  it('is taken away from broker and store when the last report is withdrawn', async () => {
    networks.linkUp();
    networks.reportHeard('a', report('n', 300), false);
    await kept();
    networks.reportHeard('a', report('n', null), false);
    await kept();
    assert.equal(retained.size, 0);
    assert.deepEqual(forgotten, ['n']);
  });

  it('that was to be taken away when the monitor ended is taken away by the next one', async () => {
    start([{ network: 'n', votes: [] }]);
    networks.linkUp();
    await settled();
    assert.deepEqual(published, ['khd/1/network/n']);
    assert.deepEqual(forgotten, ['n']);
  });

  it('loses weight by the week, and is gone from everywhere in the end', async () => {
    networks.linkUp();
    networks.reportHeard('a', report('n', 300), false);
    await kept();
    await clock.pass(50 * 86_400_000);
    networks.age();
    await kept();
    assert.equal(retained.size, 0);
    assert.deepEqual(forgotten, ['n']);
  });

  it('says why it does not take in a report', () => {
    networks.reportHeard('a', report('n', 300, 2), false);
    assert.equal(networks.reportHeard('a', report('n', 100, 1), false), 'stale-epoch');
  });
});
