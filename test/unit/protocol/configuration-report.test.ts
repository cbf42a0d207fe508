import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  type ConfigurationReport,
  encodeReport,
  MAX_CONFIGURATION_REPORT_BYTES,
  parseReport,
} from '../../../protocol/configuration-report.ts';

const hash = '0123456789abcdef';
const report: ConfigurationReport = {
  epoch: 7,
  running: [{ target: { kind: 'group', name: 'pilot' }, version: 3, hash }],
  last: {
    target: { kind: 'device', name: 'pump-17' },
    version: 4,
    hash,
    state: 'rolled-back',
    reason: 'no-connection',
    detail: 'refused',
    attempt: 1,
  },
  refusals: { 'bad-signature': 2 },
  overridden: ['keepalive_interval'],
};
const changed = (change: object): Uint8Array => {
  const value = JSON.parse(new TextDecoder().decode(encodeReport(report)));
  return new TextEncoder().encode(JSON.stringify({ ...value, ...change }));
};
const last = JSON.parse(new TextDecoder().decode(encodeReport(report))).last;

describe('a report', () => {
  it('comes back as it was encoded', () => {
    assert.deepEqual(parseReport(encodeReport(report)), { ok: true, report });
    const first = { ...report, running: [], last: null, refusals: {}, overridden: [] };
    assert.deepEqual(parseReport(encodeReport(first)), { ok: true, report: first });
  });

  it('is cut so that it always parses', () => {
    const detail = fc.string({ unit: 'binary', maxLength: 600 });
    fc.assert(
      fc.property(detail, (text) => {
        assert.ok(report.last);
        const bytes = encodeReport({ ...report, last: { ...report.last, detail: text } });
        assert.equal(parseReport(bytes).ok, true);
      }),
    );
    const target = { kind: 'group', name: 'g'.repeat(64) } as const;
    const most: ConfigurationReport = {
      ...report,
      running: Array.from({ length: 40 }, () => ({ target, version: Number.MAX_SAFE_INTEGER, hash })),
      refusals: Object.fromEntries(
        Array.from({ length: 40 }, (_, at) => [`reason-${'abcdefghij'[at % 10]}${'klmnop'[at % 6]}`, 1e15]),
      ),
      overridden: Array.from({ length: 40 }, () => 'k'.repeat(60)),
    };
    const bytes = encodeReport(most);
    assert.ok(bytes.length <= MAX_CONFIGURATION_REPORT_BYTES, `${bytes.length} bytes`);
    assert.equal(parseReport(bytes).ok, true);
  });

  it('is refused for the field that is wrong; what it adds is ignored', () => {
    const wrong: readonly (readonly [object, string])[] = [
      [{ v: 2 }, 'bad-version'],
      [{ epoch: -1 }, 'bad-epoch'],
      [{ running: {} }, 'bad-running'],
      [{ running: [{ target: 'pilot', version: 3, hash }] }, 'bad-running'],
      [{ running: [{ target: 'group:pilot', version: 0, hash }] }, 'bad-running'],
      [{ running: [{ target: 'group:pilot', version: 1, hash: 'x' }] }, 'bad-running'],
      [{ last: { ...last, state: 'fine' } }, 'bad-last'],
      [{ last: { ...last, reason: 'No <b>connection</b>' } }, 'bad-last'],
      [{ last: { ...last, attempt: 0 } }, 'bad-last'],
      [{ last: { ...last, detail: 'x'.repeat(201) } }, 'bad-last'],
      [{ last: 'none' }, 'bad-last'],
      [{ refusals: { 'Bad Reason': 1 } }, 'bad-refusals'],
      [{ refusals: { late: -1 } }, 'bad-refusals'],
      [{ overridden: [1] }, 'bad-overridden'],
    ];
    for (const [change, refusal] of wrong)
      assert.deepEqual(parseReport(changed(change)), { ok: false, refusal }, JSON.stringify(change));
    assert.equal(parseReport(changed({ more: [] })).ok, true);
    assert.deepEqual(parseReport(new Uint8Array(9000)), { ok: false, refusal: 'too-large' });
  });
});
