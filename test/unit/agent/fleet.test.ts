import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it, test } from 'node:test';
import { createKeyPair } from '../../../runtime/jws.ts';
import { callsOf, watchedCalls } from './faulty-files.ts';
import { startOnDisk } from './fleet-on-disk.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'khd-fleet-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A device on which version 1 is confirmed. */
async function withFirst(): Promise<void> {
  const device = startOnDisk(folder);
  await device.hear(1);
  device.answer();
  assert.equal(device.running(), 'v1');
}

test('what is confirmed runs after a restart', async () => {
  await withFirst();
  assert.equal(startOnDisk(folder).running(), 'v1');
});

describe('each call of an apply that fails', () => {
  for (const code of ['ENOSPC', 'EIO']) {
    for (const [what, ends] of [
      ['is confirmed', 'answer'],
      ['is taken back', 'fail'],
    ] as const) {
      it(`with ${code} while a document ${what} leaves last-good or the new settings`, async () => {
        await withFirst();
        const names = await callsOf(async (calls) => {
          const device = startOnDisk(folder, calls);
          await device.hear(2);
          device[ends]();
        });
        assert.ok(names.length >= 18, names.join());
        for (let at = 1; at <= names.length; at += 1) {
          rmSync(folder, { recursive: true });
          await withFirst();
          const fails = watchedCalls((n, name, carryOut) => {
            // A disk that is full stays full; the first call is what matters.
            if (n === at && name !== 'close') throw Object.assign(new Error(code), { code });
            return carryOut();
          });
          const device = startOnDisk(folder, fails);
          await device.hear(2);
          const where = `${names[at - 1]}, call ${at}`;
          const stored = device.reports.at(-1)?.last?.state === 'trying';
          if (!stored) {
            assert.equal(device.reports.at(-1)?.last?.reason, 'cannot-store', where);
            assert.equal(device.running(), 'v1', where);
          }
          device[ends]();
          const expected = ends === 'answer' && stored ? 'v2' : 'v1';
          assert.equal(device.running(), expected, where);
          const again = startOnDisk(folder);
          // What was told as confirmed is; the rest is last-good, or passed its trial and was stored all the same.
          const told = device.reports.at(-1)?.last?.state === 'confirmed';
          assert.ok(again.running() === expected || (!told && again.running() === 'v1'), where);
          await again.hear(2);
        }
      });
    }
  }
});

test('a disk that fills up during a trial costs the new settings, not the old ones', async () => {
  await withFirst();
  let isFull = false;
  const fills = watchedCalls((_n, name, carryOut) => {
    if (isFull && name === 'write') throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
    return carryOut();
  });
  const device = startOnDisk(folder, fills);
  await device.hear(2);
  isFull = true;
  device.answer();
  assert.equal(device.running(), 'v2');
  assert.equal(device.reports.at(-1)?.last?.state, 'trying');
  device.fail();
  assert.equal(device.running(), 'v1');
  assert.equal(device.reports.at(-1)?.last?.reason, 'cannot-store');
  assert.equal(startOnDisk(folder).running(), 'v1');
});

test('a file that is damaged, of another program, or endless is set aside, and the device runs on its own file', async () => {
  await withFirst();
  const path = join(folder, 'fleet.json');
  const whole = readFileSync(path, 'utf8');
  const damages = [
    '',
    'null',
    '{}',
    '[]',
    whole.slice(0, -20),
    whole.replace('"version":1', '"version":2'),
    // A bit of a document that has tipped over.
    whole.replace(/("text":"[^"]{60})./, '$1!'),
    ' '.repeat(600_000),
  ];
  for (const damage of damages) {
    writeFileSync(path, damage);
    const device = startOnDisk(folder);
    assert.equal(device.running(), 'file', damage.slice(0, 40));
    assert.deepEqual(device.reports.at(-1)?.refusals, { 'state-damaged': 1 });
    assert.equal(readFileSync(`${path}.damaged`, 'utf8'), damage);
    await device.hear(1);
    device.answer();
    assert.equal(startOnDisk(folder).running(), 'v1');
  }
});

test('what is no document is refused by name and changes nothing', async () => {
  await withFirst();
  const device = startOnDisk(folder);
  const before = readFileSync(join(folder, 'fleet.json'), 'utf8');
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  device.fleet.hear('a', new Uint8Array());
  device.fleet.hear('b', new Uint8Array(16 * 1024 + 1));
  device.fleet.hear('c', new Uint8Array([0xff, 0xfe]));
  device.fleet.hear('d', bytes('a.b'));
  await device.hear(1);
  assert.deepEqual(device.reports.at(-1)?.refusals, { 'too-large': 1, 'not-utf8': 1, malformed: 1 });
  assert.equal(device.running(), 'v1');
  assert.equal(readFileSync(join(folder, 'fleet.json'), 'utf8'), before);
});

test('keys are rotated by a document that the old one signed, until the file names others', async () => {
  const newKey = await createKeyPair();
  const device = startOnDisk(folder);
  await device.hear(1, { trustedKeys: [newKey.x] });
  await device.hear(2, { key: newKey });
  assert.deepEqual(device.reports.at(-1)?.refusals, { 'unknown-key': 1 }, 'not before it is confirmed');
  device.answer();
  await device.hear(2);
  assert.deepEqual(device.reports.at(-1)?.refusals, { 'unknown-key': 2 }, 'the old one is gone');
  await device.hear(2, { key: newKey });
  device.answer();
  assert.equal(device.running(), 'v2');
  const again = startOnDisk(folder);
  await again.hear(3, { key: newKey });
  assert.equal(again.running(), 'v3');
  const changed = startOnDisk(folder, undefined, undefined, 'another list');
  await changed.hear(4, { key: newKey });
  assert.equal(changed.running(), 'v2');
  await changed.hear(4);
  assert.equal(changed.running(), 'v4');
});
