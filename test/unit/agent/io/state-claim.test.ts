import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, before, beforeEach, describe, it } from 'node:test';
import { claimState } from '../../../../agent/io/state-claim.ts';
import type { Log } from '../../../../runtime/log.ts';
import { type Libc, loadLibc } from '../../../../runtime/native/libc.ts';

describe('the claim on a state folder', () => {
  let libc: Libc | null;
  let folder: string;
  let events: string[];
  const log = { write: (_level: string, event: string) => events.push(event) } as unknown as Log;

  before(async () => {
    libc = await loadLibc();
    assert.ok(libc !== null, 'koffi has no binary for this machine');
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'khd-claim-'));
    events = [];
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('refuses a second agent under whatever path, and names the first', () => {
    const state = join(folder, 'state');
    claimState(state, libc, log);
    const other = join(folder, 'other-path');
    symlinkSync(state, other);
    for (const path of [state, other]) {
      assert.throws(() => claimState(path, libc, log), {
        code: 'STATE_IN_USE',
        message: new RegExp(
          `^state_directory ${path} is in use by process ${process.pid}, .*: stop that one`,
        ),
      });
    }
    claimState(join(folder, 'another-folder'), libc, log);
    assert.deepEqual(events, []);
  });

  it('believes no name whose owner it cannot see: any user could take it and keep the agent out', () => {
    claimState(folder, libc, log);
    claimState(folder, libc, log, join(folder, 'no-procfs'));
    assert.deepEqual(events, ['stateShared']);
  });

  it('hinders no start where there is no folder to be had', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    for (const path of [join(file, 'below'), file, '/proc/khd']) {
      claimState(path, libc, log);
      claimState(path, libc, log);
    }
    assert.deepEqual(events, []);
  });

  it('asks nobody where there is no native part', () => {
    claimState(folder, null, log);
    claimState(folder, null, log);
    assert.deepEqual(events, []);
  });
});
