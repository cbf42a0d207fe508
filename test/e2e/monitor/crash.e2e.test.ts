/** The monitor is killed with SIGKILL at awkward moments: no death is lost, none is a second alert. */
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { openLmdbStore } from '../../../monitor/io/stores/lmdb.ts';
import type { Store } from '../../../monitor/io/stores/store.ts';
import { encodeStatus } from '../../../protocol/status.ts';
import { chooseSeed, seeded } from '../../unit/protocol/seeded.ts';
import { Cleanups } from '../support/cleanups.ts';
import { Evidence } from '../support/crash-evidence.ts';
import { FakeDevice } from '../support/device.ts';
import { type RunningMonitor, startMonitor } from '../support/monitor.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { pause, waitFor } from '../support/wait.ts';

/** Kills: by turns at a random moment, and at a delivery that is not yet answered. */
const ROUNDS = 10;
const MORTALS = 4;
const FLAPPERS = Array.from({ length: 20 }, (_, index) => `flapper-${index}`);
const PATIENCE_MS = 60_000;
const ONLINE = { intervalSeconds: 1, count: 1, reason: 'test', agentVersion: '0', network: null, groups: [] };
const COUNTERS = { probes: 0, reconnects: 0, lapses: 0 };

function statusOf(state: 'online' | 'leaving', epoch: number): Uint8Array {
  return encodeStatus({ ...ONLINE, state, epoch, configurationVersion: null, counters: COUNTERS });
}

function silentOf({ requests }: Receiver): number {
  return requests.filter(({ answer }) => answer === 'silent').length;
}

describe('a monitor that is killed', () => {
  const cleanups = new Cleanups();
  afterEach(() => cleanups.run());

  it('loses no transition and no alert, killed at random under load', async (context) => {
    const seed = chooseSeed();
    context.diagnostic(`seed ${seed}`);
    const random = seeded(seed);
    const broker = await startMosquitto();
    cleanups.add(() => broker.remove());
    const receiver = await startReceiver('s');
    cleanups.add(() => receiver.close());
    const settings = {
      'broker.url': broker.url,
      data_directory: cleanups.folder(),
      // Every device by itself, and soon.
      'incidents.enabled': false,
      reconnect_allowance: '1s',
      'sinks.webhook.url': receiver.url,
      'sinks.webhook.secret': 's',
    };
    const fleet = new FakeDevice('source', broker.url);
    cleanups.add(() => fleet.vanish());
    await fleet.connect();
    let turn = 0;
    const flapping = setInterval(() => {
      turn += 1;
      for (const name of FLAPPERS) {
        const status = statusOf(turn % 2 === 0 ? 'online' : 'leaving', Math.ceil(turn / 2));
        fleet.publish(`khd/1/${name}/status`, status).catch(() => {});
      }
    }, 50);
    cleanups.add(() => clearInterval(flapping));
    const names: string[] = [];
    const evidence = new Evidence();
    const store = (): Promise<Store> =>
      openLmdbStore(settings.data_directory, (table, key) => assert.fail(`damaged: ${table} ${key}`));
    let monitor: RunningMonitor = await startMonitor(settings);
    cleanups.add(() => monitor.end('SIGKILL'));
    for (let round = 0; round < ROUNDS; round += 1) {
      await monitor.ready();
      const mortals = Array.from({ length: MORTALS }, (_, at) => `mortal-${round}-${at}`);
      for (const name of mortals) await fleet.publish(`khd/1/${name}/status`, statusOf('online', 1));
      if (round % 2 === 0) {
        // Around the time at which they die: heard, late, decided, recorded, told.
        await pause(random() * 3000);
      } else {
        const before = silentOf(receiver);
        receiver.behave('silent');
        await waitFor('a delivery under way', PATIENCE_MS, () => silentOf(receiver) > before);
        await pause(random() * 20);
      }
      await monitor.end('SIGKILL');
      const left = await store();
      evidence.take(left);
      // Killed at once, it has not heard of them: nobody says it again, and there is nothing to lose.
      const known = new Set([...left.devices()].map(({ device }) => device));
      names.push(...mortals.filter((name) => known.has(name)));
      await left.close();
      monitor = await startMonitor(settings);
    }
    await waitFor('every death at the receiver', PATIENCE_MS, () => {
      const told = new Set(receiver.accepted().map(({ device }) => device));
      return names.every((name) => told.has(name));
    });
    assert.ok(names.length >= (ROUNDS * MORTALS) / 2, `${names.length} were heard in time`);
    clearInterval(flapping);
    await monitor.end('SIGKILL');
    const left = await store();
    cleanups.add(() => left.close());
    evidence.take(left);
    evidence.checkChains(left);
    const flaps = FLAPPERS.reduce((sum, name) => sum + evidence.of(name).length, 0);
    context.diagnostic(`${ROUNDS + 1} kills, ${flaps + names.length} transitions`);
    assert.ok(flaps > ROUNDS * FLAPPERS.length, 'there was a load');
    for (const name of names) {
      assert.equal(evidence.of(name).filter(({ to }) => to === 'dead').length, 1, name);
      const requests = receiver.requests.filter(({ device }) => device === name);
      const keys = new Set(requests.map(({ idempotencyKey, alertId }) => `${idempotencyKey} ${alertId}`));
      assert.equal(keys.size, 1, `${name}: ${[...keys].join(', ')}`);
    }
  });

  it('remembers who is dead: no second alert after a restart, and the return resolves the first', async () => {
    const broker = await startMosquitto();
    cleanups.add(() => broker.remove());
    const receiver = await startReceiver('s');
    cleanups.add(() => receiver.close());
    const settings = {
      'broker.url': broker.url,
      data_directory: cleanups.folder(),
      // Every device by itself.
      'incidents.enabled': false,
      'sinks.webhook.url': receiver.url,
      'sinks.webhook.secret': 's',
    };
    const first = await startMonitor(settings);
    cleanups.add(() => first.end('SIGKILL'));
    await first.ready();
    const device = new FakeDevice('d1', broker.url);
    cleanups.add(() => device.vanish());
    await device.connect();
    await device.probe(1);
    const alert = await waitFor('the alert', PATIENCE_MS, () => receiver.accepted()[0]);
    await pause(100);
    await first.end('SIGKILL');

    const second = await startMonitor(settings);
    cleanups.add(() => second.end('SIGKILL'));
    await second.ready();
    const { body } = await second.get('/api/devices/d1');
    assert.equal(body.state, 'dead');
    // Longer than a whole keepalive_timeout and grace: time enough to be flagged again.
    await pause(5000);
    assert.deepEqual(new Set(receiver.requests.map(({ event }) => event)), new Set(['opened']));
    assert.deepEqual(new Set(receiver.requests.map(({ alertId }) => alertId)), new Set([alert.alertId]));
    await device.probe(60);
    const resolved = await waitFor('the resolution', PATIENCE_MS, () =>
      receiver.accepted().find(({ event }) => event === 'resolved'),
    );
    assert.equal(resolved.alertId, alert.alertId);
  });
});
