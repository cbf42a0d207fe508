import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { open } from 'lmdb';
import { ownerMark } from '../../../../../monitor/io/stores/folder-owner.ts';
import { openLmdbStore } from '../../../../../monitor/io/stores/lmdb.ts';
import type { Store } from '../../../../../monitor/io/stores/store.ts';
import { alertOf, messageOf, networkOf, recordOf, transitionOf } from '../samples.ts';
import { EMPTY, storeContract } from './contract.ts';

const fail = (table: string, key: string): never => assert.fail(`damaged ${table} ${key}`);

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'khd-lmdb-'));
  try {
    await test(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

storeContract('the LMDB store', (test) =>
  inFolder(async (folder) => {
    let store: Store = await openLmdbStore(folder, fail);
    const reopen = async (): Promise<Store> => {
      await store.close();
      store = await openLmdbStore(folder, fail);
      return store;
    };
    try {
      await test({ store, reopen });
    } finally {
      await store.close();
    }
  }),
);

/** Writes rows as another program, or a damaged disk, might have left them. */
async function tamper(
  folder: string,
  table: string,
  key: string | [string, number],
  value: string,
): Promise<void> {
  const root = open<string, string>({ path: folder, noSubdir: false, encoding: 'string' });
  await root.openDB<string, string | [string, number]>({ name: table, encoding: 'string' }).put(key, value);
  await root.close();
}

describe('the LMDB store guards its folder', () => {
  it('skips damaged records, reports each, and keeps the rest', () =>
    inFolder(async (folder) => {
      const first = await openLmdbStore(folder, fail);
      await first.commit({ ...EMPTY, devices: [recordOf('a')], messages: [messageOf('log', 'a', 1)] });
      await first.close();
      await tamper(folder, 'devices', 'b', '{"device":"b"');
      await tamper(folder, 'devices', 'c', JSON.stringify({ ...recordOf('c'), state: 'undead' }));
      await tamper(folder, 'outbox', ['log', 7], 'null');
      await tamper(folder, 'networks', 'n1', JSON.stringify(networkOf('n1', [{}])));
      await tamper(folder, 'networks', 'n2', JSON.stringify(networkOf('n2', [{ survivesSeconds: -1 }])));
      await tamper(folder, 'networks', 'n3', '{"network":"n3","votes":null}');
      const damaged: string[] = [];
      const store = await openLmdbStore(folder, (table, key) => damaged.push(`${table} ${key}`));
      const devices = [...store.devices()].map(({ device }) => device);
      assert.deepEqual(devices, ['a']);
      assert.equal(store.pendingCount('log'), 1);
      assert.equal(store.pending('log', 9).length, 1);
      assert.deepEqual([...store.networks()], [networkOf('n1', [{}])]);
      assert.deepEqual(damaged, ['outbox log,7', 'devices b', 'devices c', 'networks n2', 'networks n3']);
      await store.close();
    }));

  it('reads the deliveries of format 1, which knew alerts alone', () =>
    inFolder(async (folder) => {
      await tamper(folder, 'meta', 'format', '1');
      const { notice, severity, ...rest } = { ...messageOf('log', 'a', 1), id: 5 };
      await tamper(folder, 'outbox', ['log', 5], JSON.stringify({ ...rest, alert: alertOf('a', 1) }));
      const store = await openLmdbStore(folder, fail);
      assert.deepEqual(store.pending('log', 9), [{ ...rest, severity, notice }]);
      await store.close();
    }));

  it('refuses a newer format, and says so', () =>
    inFolder(async (folder) => {
      await tamper(folder, 'meta', 'format', '3');
      await assert.rejects(openLmdbStore(folder, fail), {
        code: 'STORE_NEWER_FORMAT',
        message: /holds format 3, and this version reads up to 2/,
      });
    }));

  it('refuses a folder whose monitor runs, and takes one whose monitor was killed', () =>
    inFolder(async (folder) => {
      await tamper(folder, 'meta', 'owner', ownerMark(process.ppid));
      await assert.rejects(openLmdbStore(folder, fail), {
        code: 'STORE_IN_USE',
        message: new RegExp(`${folder} is in use by process ${process.ppid}`),
      });
      const [boot, pid, start] = ownerMark(process.ppid).split(':');
      await tamper(folder, 'meta', 'owner', `${boot}:${pid}:${Number(start) - 1}`);
      await (await openLmdbStore(folder, fail)).close();
    }));

  it('writes nothing more once another monitor has taken the folder', () =>
    inFolder(async (folder) => {
      const store = await openLmdbStore(folder, fail);
      await tamper(folder, 'meta', 'owner', 'another');
      await assert.rejects(store.commit({ ...EMPTY, devices: [recordOf('a')] }), { code: 'STORE_TAKEN' });
      assert.deepEqual([...store.devices()], []);
      await store.close();
    }));

  it('names the folder that cannot be used', () =>
    inFolder(async (folder) => {
      const file = join(folder, 'file');
      writeFileSync(file, '');
      await assert.rejects(openLmdbStore(join(file, 'data'), fail), {
        code: 'STORE_UNUSABLE',
        message: /file\/data cannot be used/,
      });
    }));

  it('writes nothing of a commit that holds a record that cannot be written', () =>
    inFolder(async (folder) => {
      const store = await openLmdbStore(folder, fail);
      const unwritable = networkOf('n1', []);
      Object.defineProperty(unwritable, 'toJSON', { value: () => assert.fail('unwritable') });
      const commit = { ...EMPTY, devices: [recordOf('a')], networks: [unwritable] };
      await assert.rejects(store.commit(commit), /unwritable/);
      // What a batch has taken becomes visible with the next one.
      await store.commit({ ...EMPTY, devices: [recordOf('b')] });
      assert.deepEqual(
        [...store.devices()].map(({ device }) => device),
        ['b'],
      );
      await store.close();
    }));

  it('prunes more rows than one slice', () =>
    inFolder(async (folder) => {
      const store = await openLmdbStore(folder, fail);
      const transitions = Array.from({ length: 2500 }, (_, index) =>
        transitionOf('a', index, { atMs: index }),
      );
      await store.commit({ ...EMPTY, transitions });
      assert.equal((await store.prune(2400)).transitions, 2400);
      assert.equal(store.transitions('a', 9999).length, 100);
      await store.close();
    }));
});
