/** The table against a `Map` of plain records, through random operations. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { DeviceRecord } from '../../../../monitor/policy/device.ts';
import { DeviceTable } from '../../../../monitor/policy/device-table.ts';

const ascii = new TextEncoder();
const CHARACTERS = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-'];
const name = fc.oneof(
  fc.constantFrom('a', 'b', 'aa', 'ab', 'ba', 'device-1', 'device-11', 'x'.repeat(63), 'x'.repeat(64)),
  fc.string({ unit: fc.constantFrom(...CHARACTERS), minLength: 1, maxLength: 64 }),
);
const count = fc.oneof(fc.nat(200), fc.maxSafeNat(), fc.constant(Number.MAX_SAFE_INTEGER));
const text = fc.oneof(fc.constantFrom('', 'fixed', 'learned'), fc.string({ maxLength: 200 }));
const vitals = fc.record({
  batteryPercent: fc.option(fc.integer({ min: 0, max: 100 })),
  signalDbm: fc.option(fc.integer({ min: -254, max: 0 }).map((dbm) => dbm + 0)),
  rttMs: fc.option(fc.integer({ min: 0, max: 65_534 })),
  reconnects: fc.integer({ min: 0, max: 65_534 }),
});
const record: fc.Arbitrary<DeviceRecord> = fc.record({
  device: name,
  state: fc.constantFrom('alive', 'late', 'dead', 'left'),
  stateSinceMs: fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true })),
  sequence: count,
  epoch: count,
  promisedSeconds: fc.integer({ min: 1, max: 65_535 }),
  count: fc.integer({ min: 1, max: 100 }),
  lastHeardMs: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
  reason: text,
  agentVersion: text,
  network: fc.option(text),
  groups: fc.array(fc.constantFrom('roof', 'north', 'g'), { maxLength: 16 }),
  configurationVersion: fc.option(count.map((version) => Math.min(version, Number.MAX_SAFE_INTEGER - 1))),
  counters: fc.record({ probes: count, reconnects: count, lapses: count }),
  vitals: fc.option(vitals),
});
const operation = fc.record({
  kind: fc.constantFrom('add', 'add', 'add', 'put', 'put', 'remove', 'hear'),
  record,
  /** Which of the known devices. */
  pick: fc.nat(),
});

/** Records are compared as text, in which −0 is 0. */
function plain(known: DeviceRecord): unknown {
  return JSON.parse(JSON.stringify(known));
}

test('whatever was added, put, heard and removed is found as in a plain map', () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
      const table = new DeviceTable();
      const model = new Map<string, DeviceRecord>();
      for (const { kind, record: said, pick } of operations) {
        const device = [...model.keys()][pick % Math.max(1, model.size)];
        const index = table.indexOf(device ?? said.device);
        if (kind === 'add') {
          if (model.has(said.device)) continue;
          table.add(said, 0);
          model.set(said.device, said);
        } else if (device === undefined || index === undefined) {
          assert.equal(index, undefined);
        } else if (kind === 'put') {
          const { lastHeardMs, vitals: known } = model.get(device) as DeviceRecord;
          table.put(index, { ...said, device });
          model.set(device, { ...said, device, lastHeardMs, vitals: known });
        } else if (kind === 'hear') {
          table.heardWallMs[index] = pick;
          table.setVitals(index, said.vitals);
          model.set(device, {
            ...(model.get(device) as DeviceRecord),
            lastHeardMs: pick,
            vitals: said.vitals,
          });
        } else {
          table.remove(index);
          model.delete(device);
        }
      }
      assert.equal(table.size, model.size);
      const counts = { unknown: 0, alive: 0, late: 0, dead: 0, left: 0 };
      for (const [device, known] of model) {
        const index = table.indexOf(device) as number;
        assert.deepEqual(plain(table.record(index)), plain(known));
        const bytes = ascii.encode(`#${device}#`);
        assert.equal(table.indexOfBytes(bytes, 1, bytes.length - 1), index);
        counts[known.state] += 1;
      }
      assert.deepEqual(table.counts(), counts);
      assert.deepEqual([...table.indices()].length, model.size);
    }),
    { numRuns: 300 },
  );
});

test('a hundred thousand names, half of them taken out again, are told apart through growth and reuse', () => {
  const table = new DeviceTable();
  const base = fc.sample(record, { numRuns: 1, seed: 4 })[0] as DeviceRecord;
  const nameOf = (n: number): string => `meter-${n.toString(36)}`;
  for (let n = 0; n < 100_000; n += 1) table.add({ ...base, device: nameOf(n), sequence: n }, n);
  for (let n = 0; n < 100_000; n += 2) table.remove(table.indexOf(nameOf(n)) as number);
  for (let n = 100_000; n < 140_000; n += 1) table.add({ ...base, device: nameOf(n), sequence: n }, n);
  assert.equal(table.size, 90_000);
  for (let n = 0; n < 140_000; n += 1) {
    const index = table.indexOf(nameOf(n));
    const isGone = n < 100_000 && n % 2 === 0;
    assert.equal(index === undefined, isGone, nameOf(n));
    if (index === undefined) continue;
    assert.equal(table.name(index), nameOf(n));
    assert.equal(table.silentSinceMs[index], n);
    assert.equal(table.record(index).sequence, n);
  }
});

test('a name that no device can have finds nobody', () => {
  const table = new DeviceTable();
  const base = fc.sample(record, { numRuns: 1, seed: 4 })[0] as DeviceRecord;
  table.add({ ...base, device: 'A' }, 0);
  // Its low byte is that of 'A'.
  assert.equal(table.indexOf('\u0141'), undefined);
  assert.equal(table.indexOf('A'.repeat(65)), undefined);
  assert.equal(table.indexOf(''), undefined);
});
