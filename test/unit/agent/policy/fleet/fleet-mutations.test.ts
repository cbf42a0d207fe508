import assert from 'node:assert/strict';
import { it } from 'node:test';
import { encodeDocument } from '../../../../../protocol/configuration.ts';
import { chooseSeed, mutated, seeded } from '../../../protocol/seeded.ts';
import { Device, documentOf, NOW_SECONDS } from './device.ts';

const MUTATIONS = 20_000;

it('whatever a key holder may sign is refused for a known reason, and leaves no trace on flash', (context) => {
  const seed = chooseSeed();
  context.diagnostic(`TEST_SEED=${seed}`);
  const random = seeded(seed);
  const device = new Device().connect();
  // What is still a document would be tried, and the settings then are what is wrong with it.
  device.checked = { ok: false, refusal: 'bad-setting', detail: '' };
  const flash = structuredClone(device.flash);
  const good = encodeDocument(documentOf());
  for (let at = 0; at < MUTATIONS; at += 1) {
    const payload = mutated(random, good);
    const hash = at.toString(16).padStart(16, '0');
    device.tell({ kind: 'documentHeard', hash, text: '', payload, wallSeconds: NOW_SECONDS });
  }
  const { refusals } = device.state;
  context.diagnostic(JSON.stringify(refusals));
  const known = ['bad-document', 'bad-setting', 'expired', 'not-yet-valid', 'other-target'];
  assert.deepEqual(
    Object.keys(refusals).filter((reason) => !known.includes(reason)),
    [],
  );
  assert.equal(
    Object.values(refusals).reduce((sum, count) => sum + count, 0),
    MUTATIONS,
  );
  assert.deepEqual(device.flash, flash);
  assert.deepEqual(device.applied, []);
});
