import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseOptions } from '../../../../../scripts/lib/demo/options.ts';

test('no option runs until interrupted, --once plays once', () => {
  assert.deepEqual(parseOptions([]), { kind: 'run', once: false });
  assert.deepEqual(parseOptions(['--once']), { kind: 'run', once: true });
});

test('--help wins over the rest', () => {
  assert.deepEqual(parseOptions(['--once', '--help']), { kind: 'help' });
});

test('unknown options and stray words are named', () => {
  for (const word of ['--twice', 'once', '--once=1']) {
    const options = parseOptions([word]);
    assert.equal(options.kind, 'misused');
    assert.match(options.kind === 'misused' ? options.message : '', new RegExp(word.split('=')[0] ?? ''));
  }
});
