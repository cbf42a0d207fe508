import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { stableClientId } from '../../../../monitor/io/client-id.ts';

describe('the client id', () => {
  it('stays for a folder, differs between folders, and survives damage', () => {
    const folders = [1, 2].map(() => mkdtempSync(join(tmpdir(), 'khd-id-')));
    try {
      const [first = '', second = ''] = folders;
      const id = stableClientId(first);
      assert.match(id, /^keepalivehd-monitor-[0-9a-f]{12}$/);
      assert.equal(stableClientId(first), id);
      assert.notEqual(stableClientId(second), id);
      writeFileSync(join(first, 'client-id'), 'ü/#');
      assert.match(stableClientId(first), /^keepalivehd-monitor-[0-9a-f]{12}$/);
    } finally {
      for (const folder of folders) rmSync(folder, { recursive: true });
    }
  });
});
