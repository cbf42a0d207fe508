/** What strangers, thieves and tired operators may put on a device's topics: refused with its reason, and nothing else. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { createKeyPair } from '../../../runtime/jws.ts';
import { chooseSeed, mutated, seeded } from '../protocol/seeded.ts';
import {
  KEY,
  NOW_SECONDS,
  payload,
  RUNNING_VERSION,
  type Stranded,
  signed,
  startDevice,
} from './fleet-hostile-world.ts';

const MUTATIONS = 100_000;
const BATCH = 2000;
let folder: string;
let device: Stranded;

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'khd-hostile-'));
});
beforeEach(async () => {
  device = await startDevice(mkdtempSync(join(folder, 'device-')));
});
after(() => rmSync(folder, { recursive: true }));

/** Hears `document`, which must be refused for that reason, be counted, and change nothing. */
async function refused(document: string | Uint8Array, reason: string, by: Stranded = device): Promise<void> {
  const [flash, before] = [by.flash(), by.reasons.length];
  await by.hear([document]);
  const shown = Buffer.from(document).toString('latin1').slice(0, 300);
  assert.deepEqual(by.reasons.slice(before), [reason], shown);
  assert.equal(by.flash(), flash, shown);
  assert.deepEqual(by.applied, [], shown);
  assert.deepEqual(
    by.reports.at(-1)?.running.map(({ version }) => version),
    [RUNNING_VERSION],
  );
}

const refusedAll = async (reason: string, changes: readonly object[]): Promise<void> => {
  for (const change of changes) await refused(await signed(payload(change)), reason);
};

const nested = (depth: number): unknown => (depth === 0 ? 1 : { a: nested(depth - 1) });

describe('a hostile document', () => {
  it('that is too large, or not UTF-8', async () => {
    await refused(
      await signed(payload({ settings: { broker: { username: 'x'.repeat(12_500) } } })),
      'too-large',
    );
    await refused(Buffer.alloc(1024 * 1024, 'a'), 'too-large');
    await refused(Buffer.from([...Buffer.from(await signed(payload())), 0xff]), 'not-utf8');
    await refused(Buffer.from([0xed, 0xa0, 0x80]), 'not-utf8');
  });

  it('that is no JWS in compact form', async () => {
    const jws = await signed(payload());
    const [header = '', content = '', signature = ''] = jws.split('.');
    const json = JSON.stringify({ protected: header, payload: content, signature });
    const forms = [
      ' ',
      '.',
      '..',
      '...',
      '{}',
      'null',
      json,
      `${jws}\n`,
      ` ${jws}`,
      `\ufeff${jws}`,
      `${jws}=`,
    ];
    const parts = [
      `${jws}.`,
      `.${jws}`,
      `${jws}.${signature}`,
      `${header}.${content}.`,
      `.${content}.${signature}`,
    ];
    // Detached content (RFC 7515 appendix F), and base64 in place of base64url.
    const others = [`${header}..${signature}`, payload(), Buffer.from(jws).toString('base64')];
    for (const text of [...forms, ...parts, ...others]) await refused(text, 'malformed');
  });

  it('that brings its own way of being believed', async () => {
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: KEY.x };
    const more = [
      { jwk },
      { jku: 'https://keys.example/' },
      { x5c: ['MIIB'] },
      { x5u: 'https://keys.example/' },
    ];
    for (const header of [
      ...more,
      { crit: ['exp'], exp: 1 },
      { b64: false, crit: ['b64'] },
      { zip: 'DEF' },
    ]) {
      await refused(await signed(payload(), { header }), 'malformed');
    }
    for (const typ of ['JWT', 'KHD-CONFIG+JWT', undefined, null, 1])
      await refused(await signed(payload(), { header: { typ } }), 'malformed');
    for (const kid of [undefined, null, 1, {}])
      await refused(await signed(payload(), { header: { kid } }), 'malformed');
    for (const alg of ['none', 'HS256', 'Ed25519', 'RS256', null])
      await refused(await signed(payload(), { header: { alg } }), 'unknown-algorithm');
  });

  it('that is not signed, or by the public key as if it were a secret', async () => {
    const [header = '', content = ''] = (await signed(payload(), { header: { alg: 'none' } })).split('.');
    await refused(`${header}.${content}.`, 'malformed');
    await refused(`${header}.${content}.AA`, 'unknown-algorithm');
    const [hmacHeader = ''] = (await signed(payload(), { header: { alg: 'HS256' } })).split('.');
    const mac = createHmac('sha256', Buffer.from(KEY.x, 'base64url')).update(`${hmacHeader}.${content}`);
    await refused(`${hmacHeader}.${content}.${mac.digest('base64url')}`, 'unknown-algorithm');
  });

  it('that is signed by another key, or is put together from two', async () => {
    const key = await createKeyPair();
    await refused(await signed(payload(), { key }), 'unknown-key');
    const own = await signed(payload());
    const [header, content, signature] = own.split('.');
    const [, , stolen] = (await signed(payload(), { key })).split('.');
    const [, otherContent] = (await signed(payload({ version: 9 }))).split('.');
    await refused(`${header}.${content}.${stolen}`, 'bad-signature');
    await refused(`${header}.${otherContent}.${signature}`, 'bad-signature');
    await refused(`${header}.${content}.${Buffer.alloc(64).toString('base64url')}`, 'bad-signature');
  });

  it('that was cut anywhere', async () => {
    const jws = await signed(payload());
    const before = device.reasons.length;
    const cuts = Array.from({ length: jws.length - 1 }, (_, at) => jws.slice(0, at + 1));
    const flash = device.flash();
    await device.hear(cuts);
    const reasons = device.reasons.slice(before);
    assert.equal(reasons.length, cuts.length);
    assert.deepEqual([...new Set(reasons)].sort(), ['bad-signature', 'malformed']);
    assert.equal(device.flash(), flash);
    assert.deepEqual(device.applied, []);
  });

  it('that the key holder signed, and nobody can read in one way only', async () => {
    const good = payload();
    const twice = [
      good.replace('"version"', '"version":1,"version"'),
      good.replace('"version"', '"\\u0076ersion":1,"version"'),
      good.replace('"floor"', '"floor":"1s","floor"'),
    ];
    const forms = [
      `${good} x`,
      good.slice(0, -1),
      `\ufeff${good}`,
      '[]',
      'null',
      '1',
      '""',
      good.replace('1', 'NaN'),
    ];
    for (const content of [...twice, ...forms]) await refused(await signed(content), 'bad-document');
    await refused(await signed(Buffer.from(good.replace('45s', '\u00e9'), 'latin1')), 'bad-document');
    await refusedAll('bad-document', [
      { settings: nested(8) },
      { settings: nested(1000) },
      { settings: JSON.parse('{"a":[[[[[[[[1]]]]]]]]}') },
    ]);
  });

  it('that lacks a field, has one too many, or one that cannot be', async () => {
    await refusedAll('bad-document', [
      ...['v', 'target', 'version', 'issued_at', 'expires_at', 'confirm_within', 'settings'].map((name) => ({
        [name]: undefined,
      })),
      ...[{ nbf: 1 }, { v: 2 }, { v: '1' }, { target: 'pilot' }, { target: 'group:' }, { target: 'group:#' }],
      ...[{ version: 0 }, { version: -1 }, { version: 1.5 }, { version: 2 ** 53 }, { version: '6' }],
      ...[{ expires_at: NOW_SECONDS - 60 }, { issued_at: -1 }, { expires_at: 1e300 }, { issued_at: null }],
      ...[{ confirm_within: 29 }, { confirm_within: 86_401 }, { confirm_within: '5m' }],
      ...[{ settings: [] }, { settings: null }, { settings: 'keepalive_interval' }],
      ...[{ trusted_keys: [] }, { trusted_keys: [KEY.x, KEY.x] }, { trusted_keys: KEY.x }],
      ...[{ trusted_keys: ['x'] }, { trusted_keys: [`${KEY.x.slice(0, 42)}p`] }],
    ]);
  });

  it('that is for others, was overtaken, or is out of its time', async () => {
    await refusedAll('other-target', [{ target: 'group:north' }, { target: 'device:pump-18' }]);
    await refusedAll('older-version', [{ version: 4 }, { version: RUNNING_VERSION, confirm_within: 301 }]);
    await refusedAll('expired', [{ expires_at: NOW_SECONDS }, { issued_at: 1, expires_at: 2 }]);
    await refusedAll('not-yet-valid', [{ issued_at: NOW_SECONDS + 3600 }]);
  });

  it('whose settings are unknown, not to be pushed, wrong, or too slow to prove', async () => {
    const settings = (...all: readonly object[]) => all.map((each) => ({ settings: each }));
    await refusedAll('unknown-setting', [
      ...settings(
        { keepalive_intervall: '45s' },
        { broker: { port: 1883 } },
        { constructor: {} },
        { 'a.b': 1 },
      ),
      ...settings(JSON.parse('{"__proto__":{"keepalive_interval":"45s"}}'), { http: { token: 'x' } }),
    ]);
    await refusedAll('forbidden-setting', [
      ...settings({ device: { name: 'pump-18' } }, { device: { groups: [] } }, { state_directory: '/tmp' }),
      ...settings({ fleet: { trusted_keys: [KEY.x] } }, { signal: { command: ['/bin/true'] } }),
      ...settings({ signal: { procfs_root: '/tmp' } }, { battery: { sysfs_root: '/tmp' } }),
    ]);
    await refusedAll('bad-setting', [
      ...settings({ keepalive_interval: '0s' }, { keepalive_count: 1.5 }, { broker: { url: 'http://x' } }),
      ...settings({ keepalive_interval: { valueOf: 1 } }, { verdict: [] }, { broker: 'mqtt://127.0.0.1' }),
      ...settings({ min_interval: '10m', max_interval: '5m' }, { keepalive_interval: null }),
    ]);
    const slow = { adaptive_mode: false, keepalive_interval: '2m' };
    await refusedAll('cannot-confirm-in-time', [{ settings: slow, confirm_within: 300 }]);
  });

  it(`that is one of ${MUTATIONS} mutations of a good one; the good one is then tried`, async (context) => {
    const seed = chooseSeed();
    context.diagnostic(`TEST_SEED=${seed}`);
    const random = seeded(seed);
    const jws = await signed(payload());
    const bytes = Buffer.from(jws);
    const [flash, counts] = [device.flash(), new Map<string, number>()];
    for (let heard = 0; heard < MUTATIONS; heard += BATCH) {
      const batch = Array.from({ length: BATCH }, () => mutated(random, bytes)).filter(
        // A mutation may undo another one; nothing is heard on a topic that was emptied.
        (each) => each.length > 0 && Buffer.compare(each, bytes) !== 0,
      );
      await device.hear(batch);
      for (const reason of device.reasons.splice(0)) counts.set(reason, (counts.get(reason) ?? 0) + 1);
    }
    const known = ['bad-signature', 'malformed', 'not-utf8', 'unknown-algorithm', 'unknown-key'];
    assert.deepEqual([...counts.keys()].sort(), known);
    context.diagnostic(JSON.stringify(Object.fromEntries(counts)));
    assert.equal(device.flash(), flash);
    assert.deepEqual(device.applied, []);
    await device.hear([jws]);
    assert.deepEqual(device.reasons, []);
    assert.equal(device.applied.length, 1);
  });
});
