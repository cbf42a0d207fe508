import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readSmallFile } from '../../../runtime/small-file.ts';

test('a file is read that is small, and nothing else', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'khd-small-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [file, pipe] = [join(folder, 'file'), join(folder, 'pipe')];
  const codeOf = (path: string): unknown => {
    try {
      return readSmallFile(path, 10);
    } catch (error) {
      return (error as { code?: unknown }).code;
    }
  };
  assert.equal(codeOf(file), 'ENOENT');
  writeFileSync(file, '0123456789');
  assert.equal(codeOf(file), '0123456789');
  // A terabyte without a byte on the disk, as a damaged file system may show it.
  truncateSync(file, 2 ** 40);
  assert.equal(codeOf(file), 'NOT_A_SMALL_FILE');
  execFileSync('mkfifo', [pipe]);
  assert.equal(codeOf(pipe), 'NOT_A_SMALL_FILE');
  assert.equal(codeOf(folder), 'EISDIR');
});
