import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { checkProgram } from '../../../../../monitor/io/check/program.ts';

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'check-'));
  writeFileSync(join(folder, 'notify'), '#!/bin/sh\n', { mode: 0o755 });
  writeFileSync(join(folder, 'readme'), '', { mode: 0o644 });
});
after(() => rmSync(folder, { recursive: true }));

it('finds a program by path or in PATH, and only what can be run', async () => {
  const search = `/nowhere:${folder}`;
  const outcomes = async (program: string): Promise<string> =>
    (await checkProgram('sinks.command', program, search)).outcome;
  assert.equal(await outcomes(join(folder, 'notify')), 'ok');
  assert.equal(await outcomes('notify'), 'ok');
  assert.equal(await outcomes('notfy'), 'failed');
  assert.equal(await outcomes(join(folder, 'readme')), 'failed');
  assert.equal(await outcomes(folder), 'failed');
});
