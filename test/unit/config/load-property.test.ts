import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { ConfigError } from '../../../config/config-error.ts';
import { parseJson5 } from '../../../config/json5-text.ts';
import { addFile, gather } from '../../../config/layers.ts';
import { AGENT_KEYS, loadAgentSettings, loadMonitorSettings, MONITOR_KEYS } from '../../../config/load.ts';
import { BARE, writeFiles } from './helpers.ts';

const KEYS = [...new Set([...AGENT_KEYS.keys(), ...MONITOR_KEYS.keys()])];
const NAMES = [...new Set(KEYS.flatMap((key) => key.split('.'))), '__proto__', 'constructor', 'toString'];

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('30s', '1h', 'true', 'null', '5', 'mqtt://h', 'mqtt://u:p@h', '0 8 * * *', '[::1]:1', '/'),
);
const anyTree = fc.letrec((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    anyText,
    fc.constantFrom(null, true, false, Number.NaN, Number.POSITIVE_INFINITY, -0),
    fc.double(),
    fc.integer(),
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...NAMES), fc.string({ unit: 'binary' })), tie('tree'), {
      maxKeys: 8,
    }),
  ),
})).tree;

/** A refusal is fine, and must be whole; anything else that is thrown is a fault. */
function acceptsOrRefuses(load: () => unknown): void {
  try {
    load();
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    assert.ok(error.problems.length > 0);
    for (const line of error.message.split('\n')) assert.match(line, /^[^\n]*: [^\n]+; [^\n]+$/u);
    assert.equal(error.message.split('\n').length, error.problems.length);
  }
}

test('any tree in a file loads whole or is refused line by line', (context) => {
  const { file = '' } = writeFiles(context, { file: '' });
  fc.assert(
    fc.property(anyTree, (tree) => {
      writeFileSync(file, JSON.stringify(tree));
      acceptsOrRefuses(() => loadAgentSettings({ ...BARE, file }));
      acceptsOrRefuses(() => loadMonitorSettings({ ...BARE, file }));
    }),
    { numRuns: 200 },
  );
});

test('a tree that JSON cannot hold is read without a crash, and only known keys come out', () => {
  fc.assert(
    fc.property(anyTree, (tree) => {
      const read = gather();
      addFile(read, tree, 'file', AGENT_KEYS);
      for (const key of read.values.keys()) assert.ok(AGENT_KEYS.has(key));
    }),
    { numRuns: 1000 },
  );
});

test('a file nested thousands deep is refused, not a stack overflow', (context) => {
  const deep = (inner: string) => '['.repeat(100_000) + inner + ']'.repeat(100_000);
  for (const text of [
    deep(''),
    `{ device: { groups: ${deep('')} } }`,
    `{ broker: { password: ${deep('1')} } }`,
  ]) {
    const { file = '' } = writeFiles(context, { file: text });
    acceptsOrRefuses(() => loadAgentSettings({ ...BARE, file }));
  }
});

test('any text as a file is parsed or refused with a place', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const parsed = parseJson5(text);
      if (!parsed.ok) assert.ok(parsed.line >= 1 && parsed.column >= 0 && parsed.problem !== '');
    }),
    { numRuns: 2000 },
  );
});

test('any values of known keys load whole or are refused line by line', () => {
  const pairs = fc.array(
    fc.tuple(fc.oneof(fc.constantFrom(...KEYS), fc.string({ unit: 'binary' })), anyText),
    {
      maxLength: 12,
    },
  );
  fc.assert(
    fc.property(pairs, (overrides) => {
      acceptsOrRefuses(() => loadAgentSettings({ ...BARE, overrides }));
      acceptsOrRefuses(() => loadMonitorSettings({ ...BARE, overrides }));
    }),
    { numRuns: 200 },
  );
});

test('any environment loads whole or is refused line by line', () => {
  const variables = [...AGENT_KEYS.values(), ...MONITOR_KEYS.values()].map(({ env }) => env);
  const name = fc.oneof(
    fc.constantFrom(...variables),
    fc.string({ unit: 'binary' }).map((text) => `KHD_${text}`),
  );
  fc.assert(
    fc.property(fc.dictionary(name, anyText, { maxKeys: 8 }), (env) => {
      acceptsOrRefuses(() => loadAgentSettings({ ...BARE, env }));
      acceptsOrRefuses(() => loadMonitorSettings({ ...BARE, env }));
    }),
    { numRuns: 200 },
  );
});
