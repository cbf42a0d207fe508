import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { countStart } from '../../../../agent/io/start-counter.ts';
import type { Log } from '../../../../runtime/log.ts';

const WALL_MS = Date.UTC(2031, 4, 5);
const UNSET_MS = Date.UTC(1970, 0, 1, 0, 1);

describe('countStart', () => {
  let folder: string;
  let warned: string[];
  const log: Log = {
    write: (level, event) => void (level === 'warn' && warned.push(event)),
    flush: async () => {},
  };
  const count = (wallMs = WALL_MS): number => countStart(folder, wallMs, log);
  const keep = (content: string) => writeFileSync(join(folder, 'starts.json'), content);
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'khd-starts-'));
    warned = [];
  });
  afterEach(() => {
    chmodSync(folder, 0o700);
    rmSync(folder, { recursive: true, force: true });
  });

  it('begins with the clock, above any count that was lost, and grows with each start', () => {
    const first = count();
    assert.equal(first, WALL_MS / 1000);
    assert.equal(count(), first + 1);
    assert.equal(count(), first + 2);
    assert.deepEqual(warned, []);
  });

  it('also grows when the clock stands still, jumps back, or has not been set', () => {
    const first = count();
    assert.equal(count(WALL_MS - 1e9), first + 1);
    assert.equal(count(UNSET_MS), first + 2);
  });

  it('begins at one when neither the clock nor a count is known', () => {
    assert.equal(count(UNSET_MS), 1);
    assert.equal(count(UNSET_MS), 2);
  });

  it('catches up with the clock once that is set: an earlier life of the device counted from it', () => {
    count(UNSET_MS);
    assert.equal(count(), WALL_MS / 1000);
  });

  it('does not follow a clock that is decades ahead, since it could never come back', () => {
    assert.equal(count(Date.UTC(3000, 0, 1)), 1);
    keep('{"version":1,"starts":7}');
    assert.equal(count(8.64e15), 8);
  });

  it('says that a count is unreadable, and begins anew above it', () => {
    const corrupt = [
      '',
      '{',
      '[]',
      'null',
      '{"starts":"7"}',
      '{"starts":-1}',
      '{"starts":0}',
      '{"starts":1.5}',
    ];
    for (const content of [...corrupt, '{"starts":1e300}', '{"starts":9007199254740991}', '\0\0\0\0']) {
      warned = [];
      keep(content);
      assert.equal(count(), WALL_MS / 1000, content);
      assert.deepEqual(warned, ['stateCorrupt'], content);
      assert.equal(JSON.parse(readFileSync(join(folder, 'starts.json'), 'utf8')).starts, WALL_MS / 1000);
    }
  });

  it('starts all the same when nothing can be written, with a warning and a number that still grows', () => {
    writeFileSync(join(folder, 'file'), '');
    const blocked = (wallMs: number): number => countStart(join(folder, 'file/state'), wallMs, log);
    const before = blocked(WALL_MS);
    assert.ok(blocked(WALL_MS + 5000) > before);
    assert.equal(blocked(UNSET_MS), 1);
    assert.deepEqual(warned, ['stateNotWritten']);
  });

  it('makes the folder that it needs', () => {
    assert.equal(countStart(join(folder, 'a/b'), UNSET_MS, log), 1);
    assert.equal(countStart(join(folder, 'a/b'), UNSET_MS, log), 2);
  });
});
