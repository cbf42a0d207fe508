import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openLmdbStore } from '../../../../../monitor/io/stores/lmdb.ts';
import { keepMapSmall, sharedMappings } from '../../../../../monitor/io/stores/store-map.ts';
import { record } from '../../policy/fixtures.ts';
import { FakeClock } from '../fakes.ts';

test('of all mappings the shared ones of the file are found', () => {
  const maps = [
    '7f5c00000000-7f5c00021000 rw-p 00000000 00:00 0 ',
    '7f5c10000000-7f5c20000000 r--s 00000000 08:01 1234567                    /var/lib/khd/data.mdb',
    '7f5c20000000-7f5c20001000 r--p 00000000 08:01 1234567                    /var/lib/khd/data.mdb',
    '7f5c30000000-7f5c30002000 rw-s 00000000 08:01 1234568                    /var/lib/khd/lock.mdb',
    '7fff00000000-7fff00021000 rw-p 00000000 00:00 0                          [stack]',
    '',
  ].join('\n');
  assert.deepEqual(sharedMappings(maps, '/var/lib/khd/data.mdb'), [
    { start: 0x7f5c10000000n, bytes: 0x10000000n },
  ]);
});

/** Bytes of the file that are resident in this process (proc(5), smaps). */
function residentOf(path: string): number {
  let isOf = false;
  let sum = 0;
  for (const line of readFileSync('/proc/self/smaps', 'latin1').split('\n')) {
    if (/^[0-9a-f]+-[0-9a-f]+ /.test(line)) isOf = line.endsWith(` ${path}`);
    else if (isOf && line.startsWith('Rss:')) sum += Number(/\d+/.exec(line)?.[0]) * 1024;
  }
  return sum;
}

test('what was read of the store is let go of, and is still there', async (t) => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'khd-map-')));
  const store = await openLmdbStore(folder, () => {});
  t.after(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });
  const devices = Array.from({ length: 40_000 }, (_, n) => record({ device: `d${n}` }));
  await store.commit({ devices, transitions: [], alerts: [], messages: [] });
  assert.equal([...store.devices()].length, devices.length);
  const path = join(folder, 'data.mdb');
  const clock = new FakeClock();
  const before = residentOf(path);
  assert.ok(before > 1_000_000, `${before}`);
  const stop = await keepMapSmall(folder, clock);
  assert.ok(residentOf(path) < 200_000, `${residentOf(path)}`);
  assert.equal([...store.devices()].length, devices.length);
  assert.ok(residentOf(path) > 5_000_000, `${residentOf(path)}`);
  // Much is let go of soon, little in time.
  await clock.pass(1000);
  assert.ok(residentOf(path) < 200_000, `${residentOf(path)}`);
  for (const { device } of store.devices()) if (device === 'd10') break;
  await clock.pass(2000);
  assert.ok(residentOf(path) > 0);
  await clock.pass(5000);
  assert.equal(residentOf(path), 0);
  stop();
});
