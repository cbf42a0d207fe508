import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deviceRow, readDeviceRow } from '../../../../../monitor/io/stores/device-rows.ts';
import { chooseSeed, mutated, seeded } from '../../../protocol/seeded.ts';
import { record } from '../../policy/fixtures.ts';

const FULL = record({
  state: 'dead',
  lastHeardMs: null,
  reason: 'learned: "290 s"\n',
  groups: ['roof', 'north'],
  configurationVersion: 7,
  counters: { probes: 1, reconnects: 2, lapses: Number.MAX_SAFE_INTEGER },
  vitals: { batteryPercent: 40, signalDbm: null, rttMs: 120, reconnects: 2 },
});

test('a row gives its record back, under a third of the size of the object', () => {
  for (const known of [record(), FULL, record({ network: null, agentVersion: '' })]) {
    assert.deepEqual(readDeviceRow(known.device, deviceRow(known)), known);
  }
  const plain = record({ reason: 'fixed', network: null, groups: [] });
  assert.ok(deviceRow(plain).length * 3 < JSON.stringify(plain).length);
});

test('a row of format 1 is read as well', () => {
  assert.deepEqual(readDeviceRow('a', JSON.stringify(FULL)), FULL);
});

test('a row with any field missing, of the wrong kind or out of range is none', () => {
  const row: unknown[] = JSON.parse(deviceRow(FULL));
  for (let at = 0; at < row.length; at += 1) {
    assert.equal(readDeviceRow('a', JSON.stringify(row.toSpliced(at, 1))), null, `without field ${at}`);
    for (const wrong of [{}, true, -1.5, 1e300]) {
      const changed = JSON.stringify(row.with(at, wrong));
      // Times and measurements may be any number.
      const isAnyNumber = typeof wrong === 'number' && [1, 6, 15, 16, 17].includes(at);
      assert.equal(readDeviceRow('a', changed) === null, !isAnyNumber, `field ${at}: ${wrong}`);
    }
  }
  for (const text of ['', '[', '[]', 'null', '"x"', '{}', `[${'0,'.repeat(14)}0]`]) {
    assert.equal(readDeviceRow('a', text), null, text);
  }
  assert.equal(readDeviceRow('a b', deviceRow(FULL)), null);
});

test('damaged rows never throw', () => {
  const random = seeded(chooseSeed());
  const bytes = new TextEncoder().encode(deviceRow(FULL));
  for (let n = 0; n < 10_000; n += 1) readDeviceRow('a', new TextDecoder().decode(mutated(random, bytes)));
});
