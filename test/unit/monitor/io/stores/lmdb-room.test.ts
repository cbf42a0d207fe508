import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { Room } from '../../../../../monitor/io/stores/lmdb-room.ts';

describe('the room for the store', () => {
  const folder = mkdtempSync(join(tmpdir(), 'khd-room-'));
  after(() => rmSync(folder, { recursive: true }));

  it('lets a write begin that fits, and none that might not', () => {
    writeFileSync(join(folder, 'data.mdb'), '');
    const room = new Room(folder);
    room.check(1);
    assert.throws(() => room.check(1e12), { code: 'ENOSPC', message: /bytes are free, \d+ may be needed/ });
    assert.equal(statSync(join(folder, 'room')).size, 4096);
    room.close();
  });

  it('says what else keeps it from writing', () => {
    const room = new Room(folder);
    rmSync(join(folder, 'data.mdb'));
    assert.throws(() => room.check(1), { code: 'ENOENT' });
    room.close();
    assert.throws(() => new Room(join(folder, 'absent')), { code: 'ENOENT' });
  });
});
