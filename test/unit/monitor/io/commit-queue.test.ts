import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { CommitQueue } from '../../../../monitor/io/commit-queue.ts';
import { MemoryStore } from '../../../../monitor/io/stores/memory.ts';
import type { Commit } from '../../../../monitor/io/stores/store.ts';
import { noticeSubject } from '../../../../monitor/policy/notice.ts';
import { CodedError } from '../../../../runtime/coded-error.ts';
import { FakeClock, FakeLog } from './fakes.ts';
import {
  alertOf,
  incidentMessageOf,
  incidentRecordOf,
  messageOf,
  networkOf,
  recordOf,
  transitionOf,
} from './samples.ts';
import { EMPTY } from './stores/contract.ts';

/** A store whose disk can be slow, full, or somebody else's. */
class MoodyStore extends MemoryStore {
  failure: Error | null = null;
  readonly commits: Commit[] = [];
  #release: (() => void) | null = null;
  held = false;

  override async commit(commit: Commit): Promise<void> {
    if (this.held) await new Promise<void>((resolve) => (this.#release = resolve));
    if (this.failure !== null) throw this.failure;
    this.commits.push(commit);
    await super.commit(commit);
  }

  release(): void {
    this.held = false;
    this.#release?.();
  }
}

function stepOf(device: string, sequence: number): Commit {
  return {
    devices: [recordOf(device, { sequence })],
    transitions: [transitionOf(device, sequence)],
    alerts: [alertOf(device, sequence)],
    messages: [messageOf('log', device, sequence)],
  };
}

describe('the commit queue', () => {
  let clock: FakeClock;
  let store: MoodyStore;
  let told: string[];
  let queue: CommitQueue;
  beforeEach(() => {
    clock = new FakeClock();
    store = new MoodyStore();
    told = [];
    queue = new CommitQueue(
      { store, clock, random: () => 0.5, log: new FakeLog() },
      {
        onCommitted: ({ devices }) => told.push(`committed ${devices.map(({ device }) => device)}`),
        onFailing: () => told.push('failing'),
        onWell: () => told.push('well'),
        onLost: ({ message }) => told.push(`lost ${message}`),
      },
    );
  });

  it('tells of a commit only after the store has it', async () => {
    store.held = true;
    queue.add(stepOf('a', 1));
    await clock.pass(10);
    assert.deepEqual(told, []);
    store.release();
    await clock.pass(10);
    assert.deepEqual(told, ['committed a']);
  });

  it('commits an incident with its message, and no member before it', async () => {
    const record = incidentRecordOf('i1');
    store.held = true;
    queue.add(stepOf('first', 1));
    await clock.pass(1);
    const members = Array.from({ length: 1250 }, (_, n) => stepOf(`m${n}`, 1));
    for (const member of members) queue.add(member);
    queue.add({ ...EMPTY, incidents: [record], messages: [incidentMessageOf('log', 'i1')] });
    store.release();
    await clock.pass(10);
    assert.deepEqual(
      store.commits.map(({ devices, incidents = [], messages }) => [
        devices.length,
        incidents.length,
        messages.filter(({ notice }) => notice.kind === 'incident').length,
      ]),
      [
        [1, 0, 0],
        [500, 1, 1],
        [500, 0, 0],
        [250, 0, 0],
      ],
    );
    assert.deepEqual(store.openIncidents(), [record]);
  });

  it('brings what is known of networks into the store, the newest alone, with what waits', async () => {
    const empty = { devices: [], transitions: [], alerts: [], messages: [] };
    store.held = true;
    queue.add(stepOf('a', 1));
    await clock.pass(1);
    queue.add({ ...empty, networks: [{ network: 'n1', votes: [] }, networkOf('n2', [{}])] });
    queue.add({ ...empty, forgottenNetworks: ['n2'] });
    queue.add({ ...stepOf('b', 1), networks: [networkOf('n1', [{}])] });
    assert.equal(queue.waiting, 3);
    store.release();
    await clock.pass(1);
    assert.equal(queue.waiting, 0);
    assert.equal(store.commits.length, 2);
    assert.deepEqual(store.commits[1]?.networks, [networkOf('n1', [{}])]);
    assert.deepEqual(store.commits[1]?.forgottenNetworks, ['n2']);
    assert.deepEqual([...store.networks()], [networkOf('n1', [{}])]);
  });

  it('gathers what comes during a commit: newest record, every transition and message, in order', async () => {
    store.held = true;
    queue.add(stepOf('a', 1));
    await clock.pass(1);
    for (const step of [stepOf('b', 1), stepOf('a', 2), stepOf('a', 3)]) queue.add(step);
    store.release();
    await clock.pass(1);
    assert.equal(store.commits.length, 2);
    const second = store.commits[1];
    assert.deepEqual(
      second?.devices.map(({ device, sequence }) => `${device}${sequence}`),
      ['b1', 'a3'],
    );
    const order = store.transitions('a', 9).map(({ sequence }) => sequence);
    assert.deepEqual(order, [3, 2, 1]);
    const keys = store.pending('log', 9).map(({ idempotencyKey }) => idempotencyKey);
    assert.deepEqual(keys, ['a:1:1', 'b:1:1', 'a:1:2', 'a:1:3']);
  });

  it('cuts a mass outage into slices, and never through a device', async () => {
    const names = Array.from({ length: 1400 }, (_, index) => `d${index}`);
    const steps = names.map((name) => stepOf(name, 1));
    queue.add({
      devices: steps.flatMap(({ devices }) => devices),
      transitions: steps.flatMap(({ transitions }) => transitions),
      alerts: steps.flatMap(({ alerts }) => alerts),
      messages: steps.flatMap(({ messages }) => messages),
    });
    await clock.pass(1);
    assert.equal(store.commits.length, 3);
    for (const { devices, transitions, alerts, messages } of store.commits) {
      const own = devices.map(({ device }) => device);
      assert.deepEqual(
        transitions.map(({ device }) => device),
        own,
      );
      assert.deepEqual(
        alerts.map(({ device }) => device),
        own,
      );
      assert.deepEqual(
        messages.map(({ notice }) => noticeSubject(notice)),
        own,
      );
    }
    assert.equal([...store.devices()].length, 1400);
  });

  it('repeats a commit until the store takes it, loses nothing meanwhile, and says when it is well', async () => {
    store.failure = new Error('no space left');
    queue.add(stepOf('a', 1));
    await clock.pass(60_000);
    queue.add(stepOf('b', 1));
    queue.add(stepOf('a', 2));
    await clock.pass(60_000);
    assert.deepEqual(told, ['failing']);
    store.failure = null;
    await clock.pass(20_000);
    assert.deepEqual(told, ['failing', 'well', 'committed a', 'committed b,a']);
    assert.equal(store.transitions('a', 9).length, 2);
    assert.equal(queue.waiting, 0);
  });

  it('commits once what a listener stumbles over, and goes on', async () => {
    const stumbling = new CommitQueue(
      { store, clock, random: () => 0.5, log: new FakeLog() },
      {
        onCommitted: () => {
          throw new Error('no readers left');
        },
        onFailing: () => told.push('failing'),
        onWell: () => told.push('well'),
        onLost: () => told.push('lost'),
      },
    );
    stumbling.add(stepOf('a', 1));
    await clock.pass(60_000);
    stumbling.add(stepOf('b', 1));
    await clock.pass(60_000);
    assert.deepEqual(
      store.pending('log', 10).map(({ idempotencyKey }) => idempotencyKey),
      ['a:1:1', 'b:1:1'],
    );
    assert.deepEqual(told, []);
  });

  it('gives up at once when another monitor has the store', async () => {
    store.failure = new CodedError('STORE_TAKEN', 'taken over');
    queue.add(stepOf('a', 1));
    await clock.pass(60_000);
    assert.deepEqual(told, ['lost taken over']);
    assert.equal(store.commits.length, 0);
  });

  it('runs an exclusive job between commits, and passes its failure on', async () => {
    store.held = true;
    queue.add(stepOf('a', 1));
    await clock.pass(1);
    const seen: number[] = [];
    const job = queue.exclusive(async () => seen.push(store.commits.length));
    queue.add(stepOf('b', 1));
    await clock.pass(1);
    assert.deepEqual(seen, []);
    store.release();
    await clock.pass(1);
    await job;
    assert.deepEqual(seen, [1]);
    await assert.rejects(
      queue.exclusive(async () => {
        throw new Error('disk');
      }),
      /disk/,
    );
    assert.equal(store.commits.length, 2);
  });

  it('stops cleanly with everything in the store, or says that it could not', async () => {
    queue.add(stepOf('a', 1));
    assert.equal(await queue.stop(1000), true);
    assert.equal(store.commits.length, 1);
  });

  it('does not wait for ever for a store that fails', async () => {
    store.failure = new Error('no space left');
    queue.add(stepOf('a', 1));
    const stopped = queue.stop(1000);
    await clock.pass(1000);
    assert.equal(await stopped, false);
  });
});
