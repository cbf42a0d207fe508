import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createScreen } from '../../../../../scripts/lib/demo/screen.ts';

function recorder(isTTY: boolean) {
  const written: string[] = [];
  return { output: { isTTY, columns: 100, write: (text: string) => written.push(text) }, written };
}

const ESCAPE = String.fromCharCode(27);
/** Escape sequence, line end, or text. */
const TOKENS = new RegExp(`${ESCAPE}\\[\\??\\d*[A-Za-z]|\\n|\\r|[^${ESCAPE}\\n\\r]+`, 'g');

/** A terminal reduced to what the screen uses: lines, cursor up, clear to the end. */
function play(text: string): readonly string[] {
  const lines = [''];
  let at = 0;
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === '\n') {
      at += 1;
      if (at === lines.length) lines.push('');
    } else if (token.endsWith('A') && token.startsWith('\x1b')) at -= Number.parseInt(token.slice(2), 10);
    else if (token === '\x1b[J') lines.splice(at, Number.POSITIVE_INFINITY, '');
    else if (!token.startsWith('\x1b') && token !== '\r') lines[at] += token;
  }
  return lines;
}

test('a terminal shows the news above one table, the newest', () => {
  const { output, written } = recorder(true);
  const screen = createScreen(output, false);
  screen.say('one');
  screen.refresh(['t1', 't1']);
  screen.say('two');
  screen.refresh(['t2', 't2', 't2']);
  screen.snapshot(['t3']);
  screen.say('three');
  screen.close();
  assert.deepEqual(play(written.join('')), ['one', 'two', 'three', '', 't3', '']);
  assert.ok(written.at(-1)?.includes('\x1b[?25h'), 'the cursor is shown again');
});

test('off a terminal, and on a dumb one: lines and snapshots, no escape codes', () => {
  for (const [isTTY, isDumb] of [
    [false, false],
    [true, true],
  ] as const) {
    const { output, written } = recorder(isTTY);
    const screen = createScreen(output, isDumb);
    screen.say('one');
    screen.refresh(['t1']);
    screen.snapshot(['t2', 't2']);
    screen.close();
    assert.equal(written.join(''), 'one\n\nt2\nt2\n\n');
  }
});
