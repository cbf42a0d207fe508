/** Whoever looks up a behaviour in docs/architecture.md is led to files that are there. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const ROOT = join(import.meta.dirname, '../../..');

test('each file that "Where to find" names is there', () => {
  const text = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8');
  const table = /^## Where to find\n((?:\|.*\n)+)/m.exec(text)?.[1] ?? '';
  const rows = table.trim().split('\n').slice(2);
  assert.ok(rows.length >= 10, 'a table');
  for (const row of rows) {
    const paths = [...(row.split('|')[2] ?? '').matchAll(/`([^`]+)`/g)].map(([, path = '']) => path);
    assert.ok(paths.length > 0, row);
    const missing = paths.filter((path) => !existsSync(join(ROOT, path)));
    assert.deepEqual(missing, [], row);
  }
});
