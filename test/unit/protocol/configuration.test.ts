import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  type ConfigurationDocument,
  encodeDocument,
  formatTarget,
  isKeyText,
  parseCompact,
  parseDocument,
  parseTarget,
} from '../../../protocol/configuration.ts';

const document: ConfigurationDocument = {
  target: { kind: 'group', name: 'pilot' },
  version: 3,
  issuedAt: 1_790_000_000,
  expiresAt: 1_790_086_400,
  confirmWithinSeconds: 300,
  settings: { keepalive_interval: '45s', broker: { url: 'mqtts://broker.example:8883' } },
  trustedKeys: null,
};
const KEY = '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo';

const json = (change: object): Uint8Array => {
  const value = JSON.parse(new TextDecoder().decode(encodeDocument(document)));
  return new TextEncoder().encode(JSON.stringify({ ...value, ...change }));
};

describe('parseDocument', () => {
  it('reads what was encoded', () => {
    assert.deepEqual(parseDocument(encodeDocument(document)), { ok: true, document });
    const rotation = {
      ...document,
      target: { kind: 'device' as const, name: 'pump:17' },
      trustedKeys: [KEY],
    };
    assert.deepEqual(parseDocument(encodeDocument(rotation)), { ok: true, document: rotation });
  });

  it('names the field that is wrong', () => {
    const wrong: readonly (readonly [object, RegExp])[] = [
      [{ v: 2 }, /^v /],
      [{ target: 'pilot' }, /^target /],
      [{ target: 'group:' }, /^target /],
      [{ target: 'device:group' }, /^target /],
      [{ target: 'fleet:all' }, /^target /],
      [{ target: ['group:pilot'] }, /^target /],
      [{ version: 0 }, /^version /],
      [{ version: 1.5 }, /^version /],
      [{ version: 2 ** 53 }, /^version /],
      [{ version: '3' }, /^version /],
      [{ issued_at: -1 }, /^issued_at /],
      [{ expires_at: 1_790_000_000 }, /^expires_at /],
      [{ confirm_within: 29 }, /^confirm_within /],
      [{ confirm_within: 86_401 }, /^confirm_within /],
      [{ settings: [] }, /^settings /],
      [{ settings: null }, /^settings /],
      [{ trusted_keys: [] }, /^trusted_keys /],
      [{ trusted_keys: [KEY, KEY] }, /^trusted_keys /],
      [{ trusted_keys: [`${KEY}=`] }, /^trusted_keys /],
      [{ trusted_keys: KEY }, /^trusted_keys /],
      [{ setting: {} }, /^setting is not a known field/],
    ];
    for (const [change, detail] of wrong) {
      const parsed = parseDocument(json(change));
      assert.ok(!parsed.ok, JSON.stringify(change));
      assert.equal(parsed.refusal, 'bad-field');
      assert.match(parsed.detail, detail);
    }
  });

  it('refuses what is no strict JSON object, and never throws', () => {
    const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
    for (const text of ['[]', 'null', '1', '"{}"']) assert.equal(parseDocument(encode(text)).ok, false);
    const twice = new TextDecoder().decode(encodeDocument(document)).replace('{', '{"version":9,');
    const parsed = parseDocument(encode(twice));
    assert.equal(!parsed.ok && parsed.refusal, 'duplicate-key');
    const deep = parseDocument(json({ settings: { a: { b: { c: { d: { e: { f: { g: { h: 1 } } } } } } } } }));
    assert.equal(!deep.ok && deep.refusal, 'too-deep');
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (noise) => !parseDocument(noise).ok));
  });
});

describe('targets', () => {
  it('come back as they were written', () => {
    for (const text of ['group:pilot', 'device:pump-17', 'device:a:b', 'group:group']) {
      const target = parseTarget(text);
      assert.ok(target);
      assert.equal(formatTarget(target), text);
    }
    for (const text of ['', 'pilot', ':', 'group', 'device:+', 'device:monitor', 'Group:pilot'])
      assert.equal(parseTarget(text), null, text);
  });
});

describe('parseCompact', () => {
  const encoded = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');

  it('splits what Node encoded', () => {
    const part = fc.uint8Array({ minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(part, part, part, (header, payload, signature) => {
        const parts = parseCompact([header, payload, signature].map(encoded).join('.'));
        assert.deepEqual(parts, { header, payload });
      }),
      { numRuns: 1000 },
    );
  });

  it('takes one text only for the same bytes', () => {
    assert.notEqual(parseCompact('QQ.QQ.QQ'), null);
    for (const text of ['QR.QQ.QQ', 'QQ.QQ==.QQ', 'QQ.QQ.QW', 'QQ.Q.QQ', 'QQ.Q Q.QQ', 'Q+8.QQ.QQ'])
      assert.equal(parseCompact(text), null, text);
  });

  it('refuses other numbers of parts, and empty ones', () => {
    for (const text of ['', 'QQ', 'QQ.QQ', 'QQ.QQ.QQ.QQ', '.QQ.QQ', 'QQ..QQ', 'QQ.QQ.'])
      assert.equal(parseCompact(text), null, text);
  });
});

describe('isKeyText', () => {
  it('takes 32 bytes in base64url, written in their one way', () => {
    assert.equal(isKeyText(KEY), true);
    for (const bad of ['', KEY.slice(1), `${KEY}A`, `${KEY.slice(0, -1)}p`, KEY.replace('_', '/'), 7])
      assert.equal(isKeyText(bad), false, String(bad));
  });
});
