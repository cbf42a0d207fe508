/**
 * The power goes at each write, sync and rename of an apply, one after the other: what runs afterwards is last-good or
 * what was confirmed, and the document can still be tried.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { startOnDisk } from '../../unit/agent/fleet-on-disk.ts';
import { Cleanups } from '../support/cleanups.ts';

const CHILD = join(import.meta.dirname, 'apply-child.ts');
const AT_ONCE = 4;
const STEPS = ['write', 'sync', 'rename'];

interface Run {
  readonly lines: readonly string[];
  readonly signal: NodeJS.Signals | null;
}

/** Runs the child on a copy of the folder `from`, which it leaves in `folder`. */
function run(from: string, folder: string, at: number, ends: string): Promise<Run> {
  cpSync(from, folder, { recursive: true });
  const child = spawn(process.execPath, ['--import', 'tsx', CHILD, folder, String(at), ends], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let written = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    written += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  return new Promise((resolve, reject) => {
    child.once('close', (code, signal) => {
      if (code !== 0 && signal !== 'SIGKILL') reject(new Error(`the child ended with ${code}:\n${errors}`));
      else resolve({ lines: written.trim().split('\n'), signal });
    });
  });
}

/** What a start after the loss of power makes of it. */
async function assertWhole(folder: string, { lines }: Run, where: string): Promise<void> {
  const said = `${where}: ${lines.join(', ')}`;
  const device = startOnDisk(folder);
  const runs = device.running();
  assert.ok(runs === 'v1' || runs === 'v2', said);
  // Only what had passed its trial may run at a start, and nothing may be tried that is not on disk.
  if (runs === 'v2') assert.ok(lines.includes('applied v2'), said);
  const told = lines.find((line) => line.startsWith('ended '));
  if (told === 'ended confirmed') assert.equal(runs, 'v2', said);
  if (lines.includes('applied v2') && runs === 'v1') {
    const { last } = device.reports.at(-1) ?? {};
    assert.equal(last?.state, 'rolled-back', said);
    assert.ok(last.reason === 'interrupted' || last.reason === 'no-answers', `${said}: ${last.reason}`);
  }
  // Nothing that the power left behind keeps it from going on.
  await device.hear(3);
  device.answer();
  assert.equal(startOnDisk(folder).running(), 'v3', said);
}

describe('the power goes at each step to disk', { concurrency: true }, () => {
  for (const ends of ['answer', 'fail']) {
    it(`of an apply that would ${ends === 'answer' ? 'be confirmed' : 'be taken back'}`, async (t) => {
      const cleanups = new Cleanups();
      t.after(() => cleanups.run());
      const first = cleanups.folder();
      const device = startOnDisk(first);
      await device.hear(1);
      device.answer();
      const whole = await run(first, join(cleanups.folder(), 'state'), 0, ends);
      const calls = /^calls (.+)$/.exec(whole.lines.at(-1) ?? '')?.[1]?.split(',') ?? [];
      // A folder that is there and a file that is opened or closed change nothing; the last call stands for the end.
      const steps = calls.flatMap((call, index) =>
        STEPS.includes(call) || index === calls.length - 1 ? [index + 1] : [],
      );
      const killed: string[] = [];
      const work = async (): Promise<void> => {
        for (let at = steps.shift(); at !== undefined; at = steps.shift()) {
          const folder = join(cleanups.folder(), 'state');
          const died = await run(first, folder, at, ends);
          assert.equal(died.signal, 'SIGKILL', `step ${at}: ${died.lines.join()}`);
          killed.push(died.lines.at(-1) ?? '');
          await assertWhole(folder, died, `step ${at}`);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE / 2 }, work));
      // Two files are written: the candidate, and what became of it.
      const twice = STEPS.flatMap((call) => Array(call === 'sync' ? 4 : 2).fill(`killed before ${call}`));
      assert.deepEqual(killed.toSorted(), [...twice, 'killed before close'].toSorted());
    });
  }
});
