import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { readOrder } from '../../../../monitor/io/rollout-order.ts';
import { MAX_CONFIGURATION_BYTES } from '../../../../protocol/configuration.ts';
import { createKeyPair } from '../../../../runtime/jws.ts';
import { documentOf } from './http/rollout-samples.ts';

const NOW_MS = 1_795_392_000_000;
const TERMS = { waves: ['1', '25%', '100%'], observeSeconds: 600 };

describe('an order of a rollout', () => {
  it('says what its document says, under the hash that devices report', async () => {
    const document = await documentOf(NOW_MS, { version: 9 });
    const read = await readOrder({ document, ...TERMS }, []);
    assert.ok(read.ok);
    const { waves, ...order } = read.order;
    assert.deepEqual(order, {
      ...{ target: { kind: 'group', name: 'g' }, version: 9, document },
      hash: createHash('sha256').update(document).digest('hex').slice(0, 16),
      ...{ expiresAtMs: NOW_MS + 86_400_000, confirmWithinSeconds: 60, observeSeconds: 600 },
    });
    assert.deepEqual(
      waves.map(({ text }) => text),
      TERMS.waves,
    );
  });

  it('for a single device has one wave, whatever was asked for', async () => {
    const document = await documentOf(NOW_MS, { target: { kind: 'device', name: 'pump-17' } });
    const read = await readOrder({ document, ...TERMS, waves: ['nonsense'] }, []);
    assert.ok(read.ok);
    assert.equal(read.order.waves.length, 1);
  });

  it('is held against the keys that the monitor knows, where it knows any', async () => {
    const [ours, theirs] = [await createKeyPair(), await createKeyPair()];
    const document = await documentOf(NOW_MS, {}, theirs);
    assert.equal((await readOrder({ document, ...TERMS }, [theirs.x])).ok, true);
    const read = await readOrder({ document, ...TERMS }, [ours.x]);
    assert.ok(!read.ok);
    assert.match(read.problem, /unknown-key \(fleet\.trusted_keys of the monitor\)/);
    const [header, payload] = document.split('.');
    const forged = await readOrder({ document: `${header}.${payload}.${'A'.repeat(86)}`, ...TERMS }, [
      theirs.x,
    ]);
    assert.ok(!forged.ok);
    assert.match(forged.problem, /bad-signature/);
  });

  it('is refused with the field, the value and what would do', async () => {
    const document = await documentOf(NOW_MS);
    const long = 'a'.repeat(MAX_CONFIGURATION_BYTES + 1);
    for (const [order, field, problem] of [
      [{ document: long }, 'document', /longer than \d+ bytes/],
      [{ document: 'no jws' }, 'document', /no JWS in compact form/],
      [{ document: `${document.split('.')[0]}.e30.AA` }, 'document', /refused/],
      [{ document, waves: ['50%', '10%'] }, 'waves', /10%/],
      [{ document, waves: ['0'] }, 'waves', /^"0": write a number/],
    ] as const) {
      const read = await readOrder({ ...TERMS, ...order }, []);
      assert.ok(!read.ok);
      assert.equal(read.field, field);
      assert.match(read.problem, problem);
      assert.ok(read.allowed.length > 0);
    }
  });
});
