import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import JSON5 from 'json5';
import { duplicateKey, isEmptyText, keyLines } from '../../../config/json5-keys.ts';
import { parseJson5 } from '../../../config/json5-text.ts';

test('a key that stands twice in one section is refused with both places', () => {
  assert.deepEqual(parseJson5('{\n  grace: 1,\n  http: {},\n  "grace": 2 }'), {
    ok: false,
    line: 4,
    column: 3,
    problem: '"grace" stands there a second time, first on line 2',
  });
  assert.deepEqual(duplicateKey("{a:[{b:1},{b:2,'\\x62':3}]}"), {
    name: 'b',
    line: 1,
    column: 16,
    firstLine: 1,
  });
});

test('the same name in another section, a value, a text or a comment is none', () => {
  const text = `{ // a: 1, a: 2
    a: { a: 'a: 1, "a": \\'' /* , a: 3 */ }, "b": [{ a: 1 }, { a: "http://a:1" }], c: "\\"a:", d: +1.5e3, }`;
  assert.equal(parseJson5(text).ok, true);
});

test('the line of each key is known by its dotted name, but for what stands in lists', () => {
  const text = `// on top\r\n{ a: 1, /* two
lines */ "b": {
    c: [{ d: 1 }], 'e f': { g: "{ h: 1 }" },
  },\ri: 2 }`;
  assert.deepEqual(Object.fromEntries(keyLines(text)), {
    ...{ a: 2, b: 3, 'b.c': 4, 'b.e f': 4, 'b.e f.g': 4, i: 6 },
  });
});

test('comments and white space alone are nothing', () => {
  for (const text of ['', ' \n', '\ufeff', '// {}\n/* { } */']) assert.equal(isEmptyText(text), true, text);
  for (const text of ['{}', '// a\n1', '"// a"']) assert.equal(isEmptyText(text), false, text);
});

test('whatever a configuration holds, it has a key twice only when one was put there', () => {
  const key = fc.string({ minLength: 1, maxLength: 5 }).filter((name) => name !== '__proto__');
  const tree = fc.letrec((tie) => ({
    node: fc.oneof(
      { depthSize: 'small' },
      fc.string(),
      fc.double({ noNaN: true }),
      fc.boolean(),
      fc.array(tie('node'), { maxLength: 3 }),
      fc.dictionary(key, tie('node'), { maxKeys: 4 }),
    ),
  })).node;
  fc.assert(
    fc.property(fc.dictionary(key, tree), key, fc.constantFrom('"', "'"), (value, name, quote) => {
      const text = JSON5.stringify(value, null, 2);
      assert.equal(duplicateKey(text), null, text);
      const plain = JSON5.stringify(name, { quote });
      const twice = `{ ${plain}: 1, /* ${'"'} */ ${JSON.stringify(name)}: ${text} }`;
      assert.equal(duplicateKey(twice)?.name, name, twice);
    }),
  );
});
