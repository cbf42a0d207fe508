import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DeviceTable } from '../../../../monitor/policy/device-table.ts';
import { record, wall } from './fixtures.ts';

test('a device is found by name with what its record says', () => {
  const table = new DeviceTable();
  const index = table.add(record({ device: 'a', state: 'late', promisedSeconds: 65_535, count: 100 }), 42);
  assert.equal(table.indexOf('a'), index);
  assert.equal(table.indexOf('b'), undefined);
  assert.equal(table.state(index), 'late');
  assert.equal(table.promisedSeconds[index], 65_535);
  assert.equal(table.count[index], 100);
  assert.equal(table.silentSinceMs[index], 42);
});

test('growing past the first capacity loses no column', () => {
  const table = new DeviceTable();
  for (let n = 0; n < 5000; n += 1) {
    const index = table.add(
      record({ device: `d${n}`, promisedSeconds: n + 1, state: n % 2 ? 'alive' : 'left' }),
      n,
    );
    table.heardWallMs[index] = n;
  }
  for (let n = 0; n < 5000; n += 1) {
    const index = table.indexOf(`d${n}`) as number;
    assert.equal(table.promisedSeconds[index], n + 1);
    assert.equal(table.silentSinceMs[index], n);
    assert.equal(table.heardWallMs[index], n);
    assert.equal(table.end(index), n % 2 ? null : 'leaving');
  }
  assert.deepEqual(table.counts(), { unknown: 0, alive: 2500, late: 0, dead: 0, left: 2500 });
});

test('a freed index is used again, without a trace of its former device', () => {
  const table = new DeviceTable();
  const vitals = { batteryPercent: 5, signalDbm: null, rttMs: null, reconnects: 0 };
  const first = table.add(record({ device: 'a', state: 'left', vitals }), 1);
  table.add(record({ device: 'b' }), 1);
  table.remove(first);
  assert.equal(table.indexOf('a'), undefined);
  assert.deepEqual(table.counts(), { unknown: 0, alive: 1, late: 0, dead: 0, left: 0 });
  const reused = table.add(record({ device: 'c', lastHeardMs: null }), 9);
  assert.equal(reused, first);
  assert.equal(table.end(reused), null);
  assert.deepEqual(table.record(reused), record({ device: 'c', lastHeardMs: null }));
  assert.equal(table.size, 2);
});

test('the record carries the newest sign of life and vitals, also after older facts were put', () => {
  const table = new DeviceTable();
  const index = table.add(record({ lastHeardMs: null }), 0);
  assert.deepEqual(table.record(index), record({ lastHeardMs: null }));
  const vitals = { batteryPercent: 80, signalDbm: -70, rttMs: 40, reconnects: 1 };
  table.heardWallMs[index] = wall(3);
  table.setVitals(index, vitals);
  table.put(index, record({ lastHeardMs: wall(1), vitals: null, epoch: 9 }));
  assert.deepEqual(table.record(index), record({ lastHeardMs: wall(3), vitals, epoch: 9 }));
});

test('putting a record moves the device from one state count to the other', () => {
  const table = new DeviceTable();
  const index = table.add(record(), 0);
  table.put(index, record({ state: 'dead', count: 9 }));
  assert.deepEqual(table.counts(), { unknown: 0, alive: 0, late: 0, dead: 1, left: 0 });
  assert.equal(table.state(index), 'dead');
  assert.equal(table.count[index], 9);
});

test('the network alone is the one of the record, whatever else it holds', () => {
  const table = new DeviceTable();
  for (const reason of ['', 'measured'])
    for (const agentVersion of ['', '1.2.3'])
      for (const network of [null, 'n1']) {
        const index = table.add(
          record({ device: `${reason}-${agentVersion}-${network}`, reason, agentVersion, network }),
          0,
        );
        assert.equal(table.network(index), network);
      }
});
