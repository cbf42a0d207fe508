import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseStrictJson } from '../../../protocol/strict-json.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const refusalOf = (input: Uint8Array, maxDepth = 8): string | null => {
  const parsed = parseStrictJson(input, maxDepth);
  return parsed.ok ? null : parsed.refusal;
};

describe('parseStrictJson', () => {
  it('reads what JSON.stringify wrote, as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        assert.deepEqual(parseStrictJson(bytes(text), 100), { ok: true, value: JSON.parse(text) });
      }),
      { numRuns: 2000 },
    );
  });

  it('refuses a name that stands twice in one object, however deep and however written', () => {
    for (const text of [
      '{"a":1,"a":1}',
      '{"b":{"a":1,"c":[],"a":2}}',
      '[[{"a":1,"\\u0061":2}]]',
      '{"a" :1,\n"a"\t\r\n :2}',
      '{"\\"":1,"\\u0022":2}',
      '{"__proto__":1,"__proto__":2}',
    ]) {
      assert.equal(refusalOf(bytes(text)), 'duplicate-key', text);
    }
  });

  it('takes names that stand once in each object, and texts that look like names', () => {
    for (const text of [
      '{"a":{"a":{"a":1}},"b":{"a":2}}',
      '["a","a"]',
      '{"a":"a","b":"a"}',
      '{"a":"\\",\\"a\\":","b":1}',
      '[{"a":1},{"a":1}]',
    ]) {
      assert.equal(refusalOf(bytes(text)), null, text);
    }
  });

  it('bounds the depth, whatever brackets stand in texts', () => {
    assert.equal(refusalOf(bytes('[[[]]]'), 3), null);
    assert.equal(refusalOf(bytes('[[[]]]'), 2), 'too-deep');
    assert.equal(refusalOf(bytes('{"a":{"b":[1]}}'), 2), 'too-deep');
    assert.equal(refusalOf(bytes('["[[[[","{{{{"]'), 1), null);
    assert.equal(refusalOf(bytes(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)), 'too-deep');
  });

  it('refuses what is not UTF-8, and what is not JSON', () => {
    assert.equal(refusalOf(Uint8Array.of(0x22, 0xff, 0x22)), 'not-utf8');
    assert.equal(refusalOf(Uint8Array.of(0x22, 0xc0, 0x80, 0x22)), 'not-utf8');
    for (const text of ['', '{', '{"a":1}x', "{'a':1}", '{"a":1,}', 'NaN', '\ufeff{}', '// no\n{}']) {
      assert.equal(refusalOf(bytes(text)), 'not-json', text);
    }
  });
});
