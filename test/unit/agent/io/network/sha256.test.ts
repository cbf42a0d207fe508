import assert from 'node:assert/strict';
import { it } from 'node:test';
import { sha256 } from '../../../../../agent/io/network/sha256.ts';

it('hashes UTF-8 as FIPS 180 says', () => {
  const hex = (text: string): string => Buffer.from(sha256(text)).toString('hex');
  assert.equal(hex('abc'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  assert.equal(hex('é'), hex('\u00e9'));
  assert.notEqual(hex('é'), hex('e\u0301'));
});
