import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { makeFolder } from '../../../runtime/make-folder.ts';

describe('makeFolder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'khd-folder-'));
  after(() => rmSync(folder, { recursive: true }));

  it('makes what is missing, names the first of it, and does nothing the second time', () => {
    const path = join(folder, 'a/b/c');
    assert.equal(makeFolder(path, 0o700), join(folder, 'a'));
    assert.equal(statSync(path).mode & 0o777, 0o700);
    assert.equal(makeFolder(path), null);
  });

  it('gives up where the file system takes no folders, instead of trying for ever', () => {
    assert.throws(() => makeFolder('/proc/khd/data'), { code: 'ENOENT' });
  });

  it('refuses a file in the way', () => {
    writeFileSync(join(folder, 'file'), '');
    assert.throws(() => makeFolder(join(folder, 'file')), { code: 'ENOTDIR' });
    assert.throws(() => makeFolder(join(folder, 'file/data')), { code: 'ENOTDIR' });
  });
});
