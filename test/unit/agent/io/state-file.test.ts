import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, it } from 'node:test';
import { writeState } from '../../../../agent/io/state-file.ts';
import type { Log } from '../../../../runtime/log.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'khd-state-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('tells once that nothing can be written, whatever the file, and when it can be again', () => {
  const said: string[] = [];
  const log = { write: (level: string, event: string) => said.push(`${level} ${event}`) } as unknown as Log;
  const state = join(folder, 'state');
  writeFileSync(state, 'in the way of the folder');
  writeState(join(state, 'starts.json'), '1', log);
  writeState(join(state, 'networks.json'), '1', log);
  rmSync(state);
  writeState(join(state, 'networks.json'), '2', log);
  writeState(join(state, 'starts.json'), '2', log);
  assert.deepEqual(said, ['warn stateNotWritten', 'debug stateNotWritten', 'info stateWritten']);
});
