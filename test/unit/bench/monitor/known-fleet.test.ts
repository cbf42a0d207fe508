import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { KNOWN_PROMISE, writeKnownFleet } from '../../../../bench/monitor/known-fleet.ts';
import { DeviceNames } from '../../../../load/names.ts';
import { openLmdbStore } from '../../../../monitor/io/stores/lmdb.ts';

test('a written fleet is one that the monitor reads back, alive and named as the load names it', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'khd-known-'));
  t.after(() => rmSync(folder, { recursive: true }));
  await writeKnownFleet(folder, 20_001);
  const store = await openLmdbStore(folder, (table, key) => assert.fail(`${table} ${key}`));
  const devices = [...store.devices()];
  await store.close();
  const names = new DeviceNames('load', 20_001);
  assert.deepEqual(
    devices.map(({ device }) => device),
    Array.from({ length: 20_001 }, (_, n) => names.nameOf(n)),
  );
  const { intervalSeconds, count } = KNOWN_PROMISE;
  assert.ok(
    devices.every((d) => d.state === 'alive' && d.promisedSeconds === intervalSeconds && d.count === count),
  );
});
