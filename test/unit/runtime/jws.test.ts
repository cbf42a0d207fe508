import assert from 'node:assert/strict';
import { createPrivateKey, sign } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { createKeyPair, type KeyPair, signCompact, thumbprint, verifyCompact } from '../../../runtime/jws.ts';
import { between, chooseSeed, seeded } from '../protocol/seeded.ts';

const TYPE = 'khd-config+jwt';
const payload = new TextEncoder().encode('{"v":1,"settings":{"keepalive_interval":"45s"}}');
let key: KeyPair;
let other: KeyPair;
let text: string;

before(async () => {
  key = await createKeyPair();
  other = await createKeyPair();
  text = await signCompact(payload, TYPE, key);
});

/** Signed as it should be, around whatever header: what a thief of the key, or a careless tool, could write. */
async function withHeader(change: object | string): Promise<string> {
  const header = { alg: 'EdDSA', kid: await thumbprint(key.x), typ: TYPE };
  const json = typeof change === 'string' ? change : JSON.stringify({ ...header, ...change });
  const input = [json, payload].map((part) => Buffer.from(part).toString('base64url')).join('.');
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: key.x, d: key.d };
  const signature = sign(null, Buffer.from(input), createPrivateKey({ key: jwk, format: 'jwk' }));
  return `${input}.${signature.toString('base64url')}`;
}

const refusalOf = async (jws: string, trusted = [key.x]): Promise<string | null> => {
  const verified = await verifyCompact(jws, TYPE, trusted);
  return verified.ok ? null : verified.refusal;
};

describe('verifyCompact', () => {
  it('takes what a trusted key signed, and says which', async () => {
    const verified = await verifyCompact(text, TYPE, [other.x, key.x]);
    assert.deepEqual(verified, { ok: true, payload, key: key.x });
    assert.equal(await refusalOf(await withHeader({})), null);
  });

  it('names its keys by RFC 7638, as RFC 8037 appendix A.3 shows', async () => {
    const name = await thumbprint('11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo');
    assert.equal(name, 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k');
  });

  it('refuses other keys, and none', async () => {
    assert.equal(await refusalOf(text, [other.x]), 'unknown-key');
    assert.equal(await refusalOf(text, []), 'unknown-key');
    const stolen = await withHeader({ kid: await thumbprint(other.x) });
    assert.equal(await refusalOf(stolen, [other.x]), 'bad-signature');
    assert.equal(await refusalOf(text, ['not a key', key.x]), null);
  });

  it('refuses every other header', async () => {
    for (const alg of ['none', 'HS256', 'ES256', 'Ed448', 'eddsa', '', null, 1])
      assert.equal(await refusalOf(await withHeader({ alg })), 'unknown-algorithm', String(alg));
    const { x } = key;
    for (const more of [
      { crit: ['b64'], b64: false },
      { jwk: { kty: 'OKP', crv: 'Ed25519', x } },
      { jku: 'https://example.org/keys' },
      { zip: 'DEF' },
      { typ: 'JWT' },
      { typ: undefined },
      { kid: 7 },
    ])
      assert.equal(await refusalOf(await withHeader(more)), 'malformed', JSON.stringify(more));
    const twice = `{"alg":"none","alg":"EdDSA","kid":"${await thumbprint(x)}","typ":"${TYPE}"}`;
    assert.equal(await refusalOf(await withHeader(twice)), 'malformed');
  });

  it('refuses each truncation, and 2,000 random changes of a character', async (test) => {
    for (let length = 0; length < text.length; length++)
      assert.notEqual(await refusalOf(text.slice(0, length)), null, `${length} characters`);
    const seed = chooseSeed();
    test.diagnostic(`TEST_SEED=${seed}`);
    const random = seeded(seed);
    for (let round = 0; round < 2000; round++) {
      const at = between(random, 0, text.length - 1);
      const char = String.fromCharCode(between(random, 32, 126));
      const mutated = text.slice(0, at) + char + text.slice(at + 1);
      if (mutated !== text)
        assert.notEqual(await refusalOf(mutated), null, `${at} ${char}, TEST_SEED=${seed}`);
    }
  });
});

describe('signCompact', () => {
  it('refuses a key that is none', async () => {
    await assert.rejects(signCompact(payload, TYPE, { x: key.x, d: 'short' }), { code: 'BAD_KEY' });
  });
});
