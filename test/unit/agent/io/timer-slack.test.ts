import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createTimerSlack } from '../../../../agent/io/timer-slack.ts';

test('timer slack is a hundredth of the wait within bounds, written when it changed by a factor of two', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'khd-proc-'));
  t.after(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, 'self'));
  const file = join(root, 'self', 'timerslack_ns');
  writeFileSync(file, '');
  const slack = createTimerSlack(root);
  const written = [30_000, 45_000, 60_000, 31_000, 30_000, 7_200_000, 1].map((waitMs) => {
    writeFileSync(file, '');
    slack.follow(waitMs);
    return readFileSync(file, 'latin1');
  });
  assert.deepEqual(written, ['300000000', '', '600000000', '', '300000000', '1000000000', '50000']);
});

test('timer slack that may not be set is left alone in silence', () => {
  createTimerSlack('/nonexistent').follow(1000);
});
