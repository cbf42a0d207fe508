import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readOptions, readPairs } from '../../../cli/options.ts';
import { UsageError } from '../../../cli/usage-error.ts';

const KINDS = { config: 'text', set: 'texts', 'embedded-broker': 'flag' } as const;

test('flags, texts and repeated texts are read in both spellings', () => {
  const read = readOptions(
    ['show', '--config', 'f', '--set=a=1', '--set', 'b=2', '--embedded-broker', '-h', '--', '--set'],
    KINDS,
  );
  assert.deepEqual([...read.flags], ['embedded-broker', 'help']);
  assert.deepEqual(Object.fromEntries(read.texts), { config: ['f'], set: ['a=1', 'b=2'] });
  assert.deepEqual(read.positionals, ['show', '--set']);
});

test('what is not understood is refused with the reason', () => {
  const cases: readonly [string[], RegExp][] = [
    [['--confg', 'x'], /unknown option --confg; did you mean --config\?/],
    [['--frobnicate'], /unknown option --frobnicate$/],
    [['-x'], /unknown option -x/],
    [['--config'], /--config needs a value/],
    [['--config', '--set'], /--config needs a value/],
    [['--config', 'a', '--config', 'b'], /--config is given twice/],
    [['--embedded-broker=yes'], /--embedded-broker takes no value/],
    [['--toString'], /unknown option --toString/],
    [['--__proto__=1'], /unknown option --__proto__/],
  ];
  for (const [argv, reason] of cases) assert.throws(() => readOptions(argv, KINDS), reason, argv.join(' '));
});

test('a value may begin with a dash when it is joined', () => {
  assert.deepEqual(readOptions(['--config=-x'], KINDS).texts.get('config'), ['-x']);
});

test('pairs split at the first equals sign; a message never shows the value', () => {
  assert.deepEqual(readPairs(['a.b=c=d', 'e=']), [
    ['a.b', 'c=d'],
    ['e', ''],
  ]);
  for (const text of ['hunter2', '=hunter2']) {
    assert.throws(
      () => readPairs([text]),
      (error: Error) => error instanceof UsageError && !error.message.includes('hunter2'),
    );
  }
});

test('any command line is read or refused, never a crash', () => {
  const argument = fc.oneof(
    fc.string(),
    fc.constantFrom('--config', '--set', '--', '-', '--set=', '-h', '--no-help'),
  );
  fc.assert(
    fc.property(fc.array(argument, { maxLength: 6 }), (argv) => {
      try {
        readOptions(argv, KINDS);
      } catch (error) {
        assert.ok(error instanceof UsageError, String(error));
      }
    }),
    { numRuns: 1000 },
  );
});
