import assert from 'node:assert/strict';
import { it } from 'node:test';
import { hearProbeBytes } from '../../../../monitor/shared/probe-bytes.ts';
import { encodeProbe } from '../../../../protocol/probe.ts';

const FACTS = { promisedSeconds: 30, vitals: null, externalPower: false, repeat: false } as never;
const GOOD = Buffer.from(encodeProbe(FACTS)).toString('latin1');

function heard(name: string, payload: string): [boolean, string[]] {
  const bytes = Buffer.from(`..${name}--${payload}`, 'latin1');
  const nameEnd = 2 + name.length;
  const at = { nameStart: 2, nameEnd, payloadStart: nameEnd + 2, payloadEnd: bytes.length };
  const all: string[] = [];
  const isGood = hearProbeBytes(bytes, at as never, (device, probe) =>
    all.push(`${device} ${probe.promisedSeconds}`),
  );
  return [isGood, all];
}

it('a probe is heard from its bytes, and nothing is heard of what is none', () => {
  assert.deepEqual(heard('dev-1', GOOD), [true, ['dev-1 30']]);
  assert.deepEqual(heard('dev-1', 'soon'), [false, []]);
  assert.deepEqual(heard('d\u00e9v', GOOD), [false, []]);
  assert.deepEqual(heard('', GOOD), [false, []]);
});
