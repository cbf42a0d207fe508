import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { sha256 } from '../../../../agent/io/network/sha256.ts';
import { type NetworkIdentity, networkKey, radioOf } from '../../../../agent/policy/network-key.ts';

const WIFI: NetworkIdentity = {
  kind: 'wifi',
  ssid: 'Harbour Office',
  operator: null,
  apn: null,
  rat: null,
  gateway: '60:32:b1:0c:9a:d4',
  ipFamily: 4,
  endpoint: 'broker.example:8883',
};
const CELLULAR: NetworkIdentity = {
  ...WIFI,
  kind: 'cellular',
  ssid: null,
  operator: '262-01',
  apn: 'internet.telekom',
  rat: 'lte',
  gateway: '10.64.64.64',
};
const key = (identity: NetworkIdentity): string => networkKey(identity, sha256);

const someText = fc.option(
  fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('null', '"', ',', '","', '')),
);
const identities = fc.record<NetworkIdentity>({
  kind: fc.constantFrom('wifi', 'cellular', 'ethernet', 'other'),
  ssid: someText,
  operator: someText,
  apn: someText,
  rat: fc.option(fc.constantFrom('2g', '3g', 'lte', '5g', 'lte-m', 'nb-iot')),
  gateway: someText,
  ipFamily: fc.constantFrom(4, 6),
  endpoint: fc.string(),
});

describe('networkKey', () => {
  it('is the same in every version: saved beliefs and the fleet are found by it', () => {
    // SHA-256 of ["wifi","Harbour Office",null,null,null,"60:32:b1:0c:9a:d4",4,"broker.example:8883"] in base32.
    assert.equal(key(WIFI), 'n1-nqovtfrzeonecgmr');
    assert.equal(key(CELLULAR), 'n1-4cb7tdgbxh4vkaif');
  });

  it('tells apart what can forget differently', () => {
    const others: readonly Partial<NetworkIdentity>[] = [
      { kind: 'ethernet' },
      { ssid: 'Harbour Guest' },
      { ssid: 'harbour office' },
      { ssid: null },
      { gateway: '60:32:b1:0c:9a:d5' },
      { gateway: null },
      { ipFamily: 6 },
      { endpoint: 'broker.example:443' },
    ];
    const cellular: readonly Partial<NetworkIdentity>[] = [
      { operator: '262-02' },
      { apn: 'iot.telekom' },
      { rat: 'nb-iot' },
      { rat: null },
    ];
    const keys = [
      key(WIFI),
      key(CELLULAR),
      ...others.map((other) => key({ ...WIFI, ...other })),
      ...cellular.map((other) => key({ ...CELLULAR, ...other })),
    ];
    assert.equal(new Set(keys).size, keys.length);
  });

  it('leaves out what changes without the network changing', () => {
    assert.equal(key({ ...CELLULAR, gateway: '10.80.1.1' }), key(CELLULAR), 'gateway of each session');
    assert.equal(key({ ...CELLULAR, apn: 'Internet.TELEKOM' }), key(CELLULAR));
    assert.equal(key({ ...WIFI, gateway: '60:32:B1:0C:9A:D4' }), key(WIFI));
    assert.equal(key({ ...WIFI, endpoint: 'Broker.Example:8883' }), key(WIFI));
    assert.equal(
      key({ ...WIFI, operator: '262-01', apn: 'internet', rat: 'lte' }),
      key(WIFI),
      'an idle modem',
    );
  });

  it('fits where keys go, and holds nothing in clear, whatever the names are', () => {
    fc.assert(
      fc.property(identities, (identity) => {
        assert.match(key(identity), /^n1-[a-z2-7]{16}$/);
      }),
    );
  });

  it('never confuses one field with another', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (ssid, gateway) => {
        const moved = { ...WIFI, ssid: `${ssid}","${gateway}`, gateway: '' };
        assert.notEqual(key({ ...WIFI, ssid, gateway: `${gateway}x` }), key(moved));
      }),
    );
    assert.notEqual(key({ ...WIFI, ssid: 'null' }), key({ ...WIFI, ssid: null }));
  });
});

describe('radioOf', () => {
  it('names the radio whose costs apply', () => {
    const cellular = (rat: NetworkIdentity['rat']) => radioOf({ kind: 'cellular', rat });
    assert.equal(radioOf({ kind: 'ethernet', rat: null }), 'ethernet');
    assert.equal(radioOf({ kind: 'wifi', rat: 'lte' }), 'wifi');
    assert.equal(radioOf({ kind: 'other', rat: 'lte' }), 'unknown');
    assert.deepEqual((['2g', '3g', 'lte', '5g', 'lte-m', 'nb-iot', null] as const).map(cellular), [
      '3g',
      '3g',
      'lte',
      'lte',
      'lte-m',
      'nb-iot',
      'unknown',
    ]);
  });
});
