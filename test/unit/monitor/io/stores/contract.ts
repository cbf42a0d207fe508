/** What every store must do. Each implementation's test file runs this suite with its own way to open one. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Commit, Store } from '../../../../../monitor/io/stores/store.ts';
import type { NetworkRecord } from '../../../../../monitor/policy/network-knowledge.ts';
import {
  alertOf,
  incidentMessageOf,
  incidentRecordOf,
  messageOf,
  networkOf,
  recordOf,
  transitionOf,
} from '../samples.ts';

export const EMPTY: Commit = { devices: [], transitions: [], alerts: [], messages: [] };

export interface Fixture {
  readonly store: Store;
  /** Closes the store and opens what it left behind; null when the kind forgets at close. */
  readonly reopen: (() => Promise<Store>) | null;
}

/** Registers the suite under `name`; `withStore` runs a test against a fresh store and cleans up. */
export function storeContract(
  name: string,
  withStore: (test: (fixture: Fixture) => Promise<void>) => Promise<void>,
): void {
  const check = (title: string, test: (store: Store, fixture: Fixture) => Promise<void>): void => {
    it(title, () => withStore((fixture) => test(fixture.store, fixture)));
  };
  describe(`${name} keeps the store's contract`, () => {
    check('the newest record of a device wins', async (store) => {
      await store.commit({ ...EMPTY, devices: [recordOf('a'), recordOf('b')] });
      await store.commit({ ...EMPTY, devices: [recordOf('a', { state: 'dead', sequence: 2 })] });
      const byName = new Map([...store.devices()].map((record) => [record.device, record]));
      assert.deepEqual([...byName.keys()].sort(), ['a', 'b']);
      assert.deepEqual(byName.get('a'), recordOf('a', { state: 'dead', sequence: 2 }));
    });

    check('transitions come back newest first, of the one device, within the limit', async (store) => {
      const sequences = [1, 2, 10, 11];
      await store.commit({
        ...EMPTY,
        transitions: [...sequences.map((sequence) => transitionOf('a', sequence)), transitionOf('ab', 5)],
      });
      const found = store.transitions('a', 3).map(({ sequence }) => sequence);
      assert.deepEqual(found, [11, 10, 2]);
      assert.deepEqual(store.transitions('unknown', 3), []);
    });

    check('the long tables are read page by page, and nothing twice', async (store) => {
      const transitions = [
        transitionOf('b', 1),
        transitionOf('a', 2),
        transitionOf('a', 10),
        transitionOf('a', 9),
      ];
      const alerts = [3, 1, 2, 4].map((n) => alertOf(`d${n}`, 1, { resolvedMs: n === 4 ? 3000 : n * 1000 }));
      await store.commit({ ...EMPTY, transitions, alerts: [...alerts, alertOf('open', 1)] });
      const first = store.transitionsAfter(null, 2);
      const rest = store.transitionsAfter(first[1] ?? null, 9);
      const name = ({ device, sequence }: { device: string; sequence: number }): string =>
        `${device}${sequence}`;
      assert.deepEqual(
        [first.map(name), rest.map(name)],
        [
          ['a2', 'a9'],
          ['a10', 'b1'],
        ],
      );
      assert.deepEqual(store.transitionsAfter(rest[1] ?? null, 9), []);
      const early = store.resolvedAfter(null, 3);
      const late = store.resolvedAfter(early[2] ?? null, 9);
      assert.deepEqual(
        [...early, ...late].map(({ id }) => id),
        ['d1:1', 'd2:1', 'd3:1', 'd4:1'],
      );
      assert.equal(late.length, 1);
    });

    check('the newest text of history wins, and goes with its device', async (store, { reopen }) => {
      assert.equal(store.history('device:a'), null);
      await store.commit({
        ...EMPTY,
        history: [
          { key: 'device:a', text: 'x' },
          { key: 'ran', text: '1' },
        ],
      });
      await store.commit({
        ...EMPTY,
        history: [{ key: 'ran', text: '2' }],
        devices: [recordOf('a', { state: 'left' })],
      });
      assert.deepEqual([store.history('device:a'), store.history('ran')], ['x', '2']);
      await store.prune(5000);
      assert.deepEqual([store.history('device:a'), store.history('ran')], [null, '2']);
      if (reopen !== null) assert.equal((await reopen()).history('ran'), '2');
    });

    check('an alert is open until it is resolved, then found among the resolved', async (store) => {
      const opened = [alertOf('a', 1), alertOf('b', 1), alertOf('c', 1)];
      await store.commit({ ...EMPTY, alerts: opened });
      await store.commit({
        ...EMPTY,
        alerts: [alertOf('a', 1, { resolvedMs: 9000 }), alertOf('b', 1, { resolvedMs: 10_000 })],
      });
      assert.deepEqual(store.openAlerts(), [alertOf('c', 1)]);
      const ids = store.resolvedAlerts(5).map(({ id }) => id);
      assert.deepEqual(ids, ['b:1', 'a:1']);
      assert.equal(store.resolvedAlerts(1).length, 1);
    });

    check('an incident is open until it is resolved; the newest record wins', async (store) => {
      await store.commit({ ...EMPTY, incidents: [incidentRecordOf('i1'), incidentRecordOf('i2')] });
      const grown = incidentRecordOf('i1', { memberCount: 90 });
      await store.commit({ ...EMPTY, incidents: [grown] });
      const over = [
        incidentRecordOf('i2', { resolvedMs: 9000 }),
        incidentRecordOf('i3', { resolvedMs: 10_000 }),
      ];
      await store.commit({ ...EMPTY, incidents: over });
      assert.deepEqual(store.openIncidents(), [grown]);
      assert.deepEqual(store.resolvedIncidents(5), over.toReversed());
      assert.equal(store.resolvedIncidents(1).length, 1);
      await store.prune(10_000);
      assert.deepEqual(store.resolvedIncidents(5), over.slice(1));
      assert.equal(store.openIncidents().length, 1);
    });

    check('messages of a sink come in the order of their commits until settled', async (store) => {
      await store.commit({ ...EMPTY, messages: [messageOf('log', 'a', 1), messageOf('webhook', 'a', 1)] });
      await store.commit({ ...EMPTY, messages: [messageOf('log', 'b', 1), messageOf('log', 'a', 2)] });
      const keys = (): string[] => store.pending('log', 10).map(({ idempotencyKey }) => idempotencyKey);
      assert.deepEqual(keys(), ['a:1:1', 'b:1:1', 'a:1:2']);
      assert.equal(store.pendingCount('log'), 3);
      const [first] = store.pending('log', 1);
      assert.ok(first);
      await store.settle(first);
      await store.settle(first);
      assert.deepEqual(keys(), ['b:1:1', 'a:1:2']);
      assert.equal(store.pendingCount('log'), 2);
      assert.equal(store.pendingCount('webhook'), 1);
      assert.equal(store.pendingCount('nobody'), 0);
    });

    check('the newest record of a network wins, until it is forgotten', async (store) => {
      assert.deepEqual([...store.networks()], []);
      const first = networkOf('n1', [{ device: 'a' }, { device: 'b', forgetsSeconds: null }]);
      await store.commit({ ...EMPTY, networks: [first, networkOf('n2', [{}])] });
      await store.commit({ ...EMPTY, devices: [recordOf('a')], networks: [networkOf('n2', [])] });
      const records = (): NetworkRecord[] =>
        [...store.networks()].sort((a, b) => (a.network < b.network ? -1 : 1));
      assert.deepEqual(records(), [first, networkOf('n2', [])]);
      assert.equal([...store.devices()].length, 1);
      await store.commit({ ...EMPTY, networks: [networkOf('n3', [{}])], forgottenNetworks: ['n2', 'n9'] });
      assert.deepEqual(
        records().map(({ network }) => network),
        ['n1', 'n3'],
      );
      await store.prune(Number.MAX_SAFE_INTEGER);
      assert.equal(records().length, 2);
    });

    check('pruning forgets only what is old and over', async (store) => {
      await store.commit({
        devices: [
          recordOf('gone', { state: 'left', stateSinceMs: 10 }),
          recordOf('leaving', { state: 'left', stateSinceMs: 100 }),
          recordOf('dead', { state: 'dead', stateSinceMs: 10 }),
        ],
        transitions: [transitionOf('a', 1, { atMs: 10 }), transitionOf('a', 2, { atMs: 100 })],
        alerts: [
          alertOf('old', 1, { resolvedMs: 10 }),
          alertOf('recent', 1, { resolvedMs: 100 }),
          alertOf('open', 1, { openedMs: 10 }),
        ],
        messages: [messageOf('log', 'old', 1)],
      });
      assert.deepEqual(await store.prune(100), { transitions: 1, alerts: 1, devices: ['gone'] });
      const devices = [...store.devices()].map(({ device }) => device).sort();
      assert.deepEqual(devices, ['dead', 'leaving']);
      const left = store.transitions('a', 9).map(({ sequence }) => sequence);
      assert.deepEqual(left, [2]);
      const resolved = store.resolvedAlerts(9).map(({ id }) => id);
      assert.deepEqual(resolved, ['recent:1']);
      assert.equal(store.openAlerts().length, 1);
      assert.equal(store.pendingCount('log'), 1);
    });

    check('configurations are kept by key, changed, and forgotten', async (store, { reopen }) => {
      const row = (key: string, text: string | null) => ({ key, text });
      const kept = (from: Store) => new Map([...from.configurations()].map(({ key, text }) => [key, text]));
      await store.commit({ ...EMPTY, configurations: [row('rollout/g-1', 'x'), row('member/g-1/a', '[0]')] });
      await store.commit({ ...EMPTY, configurations: [row('member/g-1/a', '[1]'), row('report/a', '{}')] });
      await store.commit({ ...EMPTY, configurations: [row('report/a', null), row('report/nobody', null)] });
      const wanted = new Map([
        ['member/g-1/a', '[1]'],
        ['rollout/g-1', 'x'],
      ]);
      assert.deepEqual(kept(store), wanted);
      if (reopen !== null) assert.deepEqual(kept(await reopen()), wanted);
    });

    check('everything is there again after a restart, and ids go on', async (store, { reopen }) => {
      if (reopen === null) return;
      const commit: Commit = {
        devices: [recordOf('a', { network: 'n1', groups: ['g'], configurationVersion: 3 })],
        transitions: [transitionOf('a', 1)],
        alerts: [alertOf('a', 1, { incident: 'i1', quiet: true }), alertOf('b', 1, { resolvedMs: 50 })],
        incidents: [incidentRecordOf('i1'), incidentRecordOf('i2', { resolvedMs: 40 })],
        messages: [messageOf('log', 'a', 1), incidentMessageOf('log', 'i1', { event: 'grown' })],
        networks: [networkOf('n1', [{ device: 'a' }, { device: 'b', forgetsSeconds: null }])],
      };
      await store.commit(commit);
      const again = await reopen();
      assert.deepEqual([...again.devices()], commit.devices);
      assert.deepEqual([...again.networks()], commit.networks);
      assert.deepEqual(again.transitions('a', 9), commit.transitions);
      assert.deepEqual(again.openAlerts(), commit.alerts.slice(0, 1));
      assert.deepEqual(again.openIncidents(), [incidentRecordOf('i1')]);
      assert.deepEqual(again.resolvedIncidents(9), [incidentRecordOf('i2', { resolvedMs: 40 })]);
      assert.deepEqual(again.resolvedAlerts(9), [alertOf('b', 1, { resolvedMs: 50 })]);
      await again.commit({ ...EMPTY, messages: [messageOf('log', 'a', 2)] });
      const messages = again.pending('log', 9).map(({ id, ...message }) => message);
      assert.deepEqual(messages, [...commit.messages, messageOf('log', 'a', 2)]);
      assert.equal(again.pendingCount('log'), 3);
    });
  });
}
