import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, before, it } from 'node:test';
import { checkDataFolder } from '../../../../../monitor/io/check/data-folder.ts';
import { openLmdbStore } from '../../../../../monitor/io/stores/lmdb.ts';
import { NO_NEWS } from '../../../../../monitor/io/stores/store.ts';
import { recordOf } from '../samples.ts';

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'check-'));
});
after(() => rmSync(folder, { recursive: true }));

it('finds a folder writable and leaves nothing in it', async () => {
  const { outcome, detail } = await checkDataFolder(folder);
  assert.notEqual(outcome, 'failed', detail);
  assert.deepEqual(readdirSync(folder), []);
});

it('finds that one can be made, and does not leave it', async () => {
  const { outcome, detail } = await checkDataFolder(join(folder, 'a', 'b'));
  assert.notEqual(outcome, 'failed', detail);
  assert.match(detail, /can be made/);
  assert.ok(!existsSync(join(folder, 'a')));
});

it('fails where a file is in the way', async () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  for (const path of [file, join(file, 'below')]) {
    const { check, outcome, detail } = await checkDataFolder(path);
    assert.deepEqual([check, outcome], ['data_directory', 'failed']);
    assert.match(detail, /is not a folder/);
  }
});

it('does not leave one that is named from where the program runs', async () => {
  const named = relative(process.cwd(), join(folder, 'c', 'd'));
  assert.match((await checkDataFolder(named)).detail, /can be made/);
  assert.ok(!existsSync(join(folder, 'c')));
});

it('says which process runs on it, and no more once that has let go', async () => {
  const used = join(folder, 'used');
  const store = await openLmdbStore(used, () => {});
  const held = await checkDataFolder(used);
  assert.equal(held.outcome, 'warning');
  assert.match(held.detail, new RegExp(`in use by process ${process.pid}$`));
  await store.commit({ ...NO_NEWS, devices: [recordOf('a')] });
  await store.close();
  const free = await checkDataFolder(used);
  assert.doesNotMatch(free.detail, /in use/);
});
