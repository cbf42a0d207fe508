import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { writeFileAtomic } from '../../../runtime/atomic-file.ts';

describe('writeFileAtomic', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'khd-atomic-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('replaces the whole content and leaves nothing beside it', () => {
    const path = join(folder, 'state.json');
    writeFileAtomic(path, 'a long first content\n');
    writeFileAtomic(path, 'größer\n');
    assert.equal(readFileSync(path, 'utf8'), 'größer\n');
    assert.deepEqual(readdirSync(folder), ['state.json']);
  });

  it('puts a new file in place of the old one, never writing into that', () => {
    const path = join(folder, 'state.json');
    writeFileAtomic(path, 'old');
    const before = statSync(path).ino;
    writeFileAtomic(path, 'new');
    assert.notEqual(statSync(path).ino, before);
  });

  it('makes the folders it needs, and keeps the file to its owner', () => {
    const path = join(folder, 'a/b/state.json');
    writeFileAtomic(path, 'x');
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  it('goes over what an interrupted write has left', () => {
    const path = join(folder, 'state.json');
    writeFileAtomic(path, 'old');
    writeFileSync(`${path}.new`, 'half of something much longer than what comes');
    writeFileAtomic(path, 'new');
    assert.equal(readFileSync(path, 'utf8'), 'new');
    assert.deepEqual(readdirSync(folder), ['state.json']);
  });

  it('throws and leaves the old content when it cannot write', () => {
    const path = join(folder, 'state.json');
    writeFileAtomic(path, 'old');
    mkdirSync(`${path}.new`);
    assert.throws(() => writeFileAtomic(path, 'new'), { code: 'EISDIR' });
    assert.equal(readFileSync(path, 'utf8'), 'old');
    assert.throws(() => writeFileAtomic(join(path, 'below/a-file'), 'x'), { code: 'ENOTDIR' });
  });
});
