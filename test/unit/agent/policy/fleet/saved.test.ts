import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { NOTHING_PUSHED } from '../../../../../agent/policy/fleet/fleet.ts';
import { encodeRecord, parseRecord } from '../../../../../agent/policy/fleet/saved.ts';
import type { FleetRecord, HeardDocument } from '../../../../../agent/policy/fleet/types.ts';
import { encodeDocument, formatTarget } from '../../../../../protocol/configuration.ts';
import { documentOf } from './device.ts';

/** Not a good one, but it differs where texts do. */
const hash = (text: string): string =>
  `${text.length}:${[...text].reduce((sum, c) => (sum * 31 + (c.codePointAt(0) ?? 0)) % 1e9, 7)}`;

function heard(version: number): HeardDocument {
  const document = documentOf({ version });
  const text = `e30.${Buffer.from(encodeDocument(document)).toString('base64url')}.AA`;
  return { target: formatTarget(document.target), hash: hash(text), text, document };
}

const RECORD: FleetRecord = {
  accepted: { 'group:pilot': { version: 4, hash: 'h', attempts: 2, failure: 'no-answers' } },
  confirmed: [heard(3)],
  candidate: { heard: heard(4), attempt: 2, revertAtSeconds: 1_795_392_300 },
  keys: { boundTo: 'own', keys: ['a', 'b'] },
  last: {
    ...{ target: { kind: 'group', name: 'pilot' }, version: 4, hash: 'h' },
    ...{ state: 'rolled-back', reason: 'no-answers', detail: 'why', attempt: 2 },
  },
  seenSeconds: 1_795_392_000,
};

test('what was encoded is read as it was', () => {
  for (const record of [NOTHING_PUSHED, RECORD, { ...RECORD, candidate: null, keys: null, last: null }]) {
    assert.deepEqual(parseRecord(encodeRecord(record), hash), record);
  }
});

test('what is damaged is read as it was or not at all, and never throws', () => {
  const text = encodeRecord(RECORD);
  const kept =
    /"(version|attempt|attempts|revert_at|seen|failure|reason|state|hash|bound_to|keys|detail|accepted|target)"/;
  assert.match(text, kept);
  fc.assert(
    fc.property(fc.nat(text.length - 1), fc.constantFrom('', '"', '}', '0', 'x', '-', 'é'), (at, put) => {
      const read = parseRecord(text.slice(0, at) + put + text.slice(at + 1), hash);
      // Whatever of it is believed, the documents are whole.
      for (const each of [...(read?.confirmed ?? []), read?.candidate?.heard]) {
        if (each !== undefined) assert.equal(hash(each.text), each.hash);
      }
    }),
    { numRuns: 3000 },
  );
});

test('what another program wrote is not read', () => {
  const other = JSON.parse(encodeRecord(RECORD)) as Record<string, unknown>;
  for (const change of [
    { version: 2 },
    { confirmed: null },
    { confirmed: Array(35).fill((other.confirmed as unknown[])[0]) },
    { candidate: {} },
    { keys: { bound_to: 'own', keys: [] } },
    { accepted: { 'group:pilot': { version: 1, hash: 'h', attempts: 1, failure: 'of another kind' } } },
    { seen: -1 },
    { last: { state: 'unheard-of' } },
  ]) {
    assert.equal(parseRecord(JSON.stringify({ ...other, ...change }), hash), null, JSON.stringify(change));
  }
});
