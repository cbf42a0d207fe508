import assert from 'node:assert/strict';
import { test } from 'node:test';
import { editDistance, nearest } from '../../../config/nearest.ts';

test('distance counts inserts, deletes, replacements and swaps of neighbours', () => {
  assert.deepEqual(
    [
      ['', 'abc'],
      ['abc', 'abc'],
      ['abc', 'abd'],
      ['abc', 'acb'],
      ['abc', 'ab'],
      ['kitten', 'sitting'],
    ].map(([a = '', b = '']) => editDistance(a, b)),
    [3, 0, 1, 1, 1, 3],
  );
});

test('a slip finds its word, another word finds none', () => {
  const known = ['agent', 'monitor', 'config'];
  assert.equal(nearest('monitr', known), 'monitor');
  assert.equal(nearest('Agnet', known), 'agent');
  assert.equal(nearest('launch', known), null);
  assert.equal(nearest('x'.repeat(1_000_000), known), null);
});
