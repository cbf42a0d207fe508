import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeviceRecord } from '../../../../monitor/policy/device.ts';
import {
  blankRecord,
  recordAfter,
  withFacts,
  withPromise,
  withState,
} from '../../../../monitor/policy/facts.ts';
import type { Status } from '../../../../protocol/status.ts';
import { transitionOf } from '../io/samples.ts';
import { probe, record, status } from './fixtures.ts';

test('a status that says nothing new returns the same object, so that a replay costs no write', () => {
  const known = record();
  assert.equal(withFacts(known, status(), 'stated'), known);
  assert.equal(withFacts(known, status({ groups: ['roof'] }), 'longest'), known);
});

test('each fact of a status is taken in when it differs', () => {
  const known = record();
  const promise = withFacts(known, status({ intervalSeconds: 31 }), 'stated');
  assert.deepEqual(promise, record({ promisedSeconds: 31 }));
  const news: Partial<Pick<DeviceRecord, keyof DeviceRecord & keyof Omit<Status, 'state'>>>[] = [
    { epoch: 6 },
    { count: 4 },
    { reason: 'jitter' },
    { agentVersion: '0.2.0' },
    { network: null },
    { configurationVersion: 1 },
    { groups: ['roof', 'north'] },
    { groups: ['north'] },
    { counters: { probes: 1, reconnects: 0, lapses: 0 } },
    { counters: { probes: 0, reconnects: 1, lapses: 0 } },
    { counters: { probes: 0, reconnects: 0, lapses: 1 } },
  ];
  for (const fact of news) {
    assert.deepEqual(withFacts(known, status(fact), 'stated'), record(fact));
  }
});

test('`longest` never shortens the promise that a probe made', () => {
  const known = record({ promisedSeconds: 1200 });
  assert.equal(withFacts(known, status({ intervalSeconds: 60 }), 'longest').promisedSeconds, 1200);
  assert.equal(withFacts(known, status({ intervalSeconds: 1300 }), 'longest').promisedSeconds, 1300);
  assert.equal(withFacts(known, status({ intervalSeconds: 60 }), 'stated').promisedSeconds, 60);
});

test('a kept promise changes nothing, another one replaces it', () => {
  const known = record();
  assert.equal(withPromise(known, probe(30)), known);
  assert.equal(withPromise(known, probe(45)).promisedSeconds, 45);
});

test('each change of state has its own number, the first one is 1', () => {
  const first = withState(blankRecord('a', 30, 3), 'alive', 7);
  assert.equal(first.sequence, 1);
  assert.equal(first.stateSinceMs, 7);
  assert.equal(withState(first, 'late', 9).sequence, 2);
});

test('a transition tells of a device where it stood, and from where its sequence goes on', () => {
  const fields = {
    epoch: 7,
    to: 'late',
    atMs: 5000,
    lastHeardMs: 4000,
    promisedSeconds: 20,
    count: 4,
  } as const;
  assert.deepEqual(recordAfter(transitionOf('a', 12, fields)), {
    ...blankRecord('a', 20, 4),
    ...{ state: 'late', stateSinceMs: 5000, sequence: 12, epoch: 7, lastHeardMs: 4000 },
  });
});
