import assert from 'node:assert/strict';
import { closeSync, fstatSync, openSync } from 'node:fs';
import { test } from 'node:test';
import { levelPrefix } from '../../../runtime/journal.ts';

test('a line has the level in front where the journal reads it, and nowhere else', (t) => {
  const file = openSync(import.meta.filename, 'r');
  t.after(() => closeSync(file));
  const { dev, ino } = fstatSync(file, { bigint: true });
  const levels = ['error', 'warn', 'info', 'debug'] as const;
  const told = (stream: string | undefined, descriptor = file): readonly string[] =>
    levels.map(levelPrefix(descriptor, stream === undefined ? {} : { JOURNAL_STREAM: stream }));
  assert.deepEqual(told(`${dev}:${ino}`), ['<3>', '<4>', '<6>', '<7>']);
  const none = ['', '', '', ''];
  assert.deepEqual(told(undefined), none);
  // Sent elsewhere by a shell in between.
  assert.deepEqual(told(`${dev}:${ino + 1n}`), none);
  assert.deepEqual(told(`${dev}:${ino}`, 9999), none);
});
