import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  encodeNetworkKnowledge,
  encodeNetworkReport,
  MAX_NETWORK_KNOWLEDGE_BYTES,
  MAX_NETWORK_REPORT_BYTES,
  type NetworkKnowledge,
  type NetworkReport,
  parseNetworkKnowledge,
  parseNetworkReport,
} from '../../../protocol/network-knowledge.ts';
import { chooseSeed, mutated, randomBytes, seeded } from './seeded.ts';

const REPORT_JSON = {
  network: '3f9a-01',
  epoch: 7,
  summary: { survives_seconds: 290.5, forgets_seconds: 310 },
};
const KNOWLEDGE_JSON = {
  v: 1,
  key: '3f9a-01',
  devices: 5,
  weight: 4.5,
  summary: { survives_seconds: 55, forgets_seconds: 360 },
  spikes: [
    { survives_seconds: 55, forgets_seconds: 62, weight: 1.5 },
    { survives_seconds: 340, forgets_seconds: 360, weight: 3 },
  ],
};
const REPORT: NetworkReport = {
  network: '3f9a-01',
  epoch: 7,
  summary: { survivesSeconds: 290.5, forgetsSeconds: 310 },
};
const KNOWLEDGE: NetworkKnowledge = {
  network: '3f9a-01',
  devices: 5,
  weight: 4.5,
  summary: { survivesSeconds: 55, forgetsSeconds: 360 },
  spikes: [
    { survivesSeconds: 55, forgetsSeconds: 62, weight: 1.5 },
    { survivesSeconds: 340, forgetsSeconds: 360, weight: 3 },
  ],
};
const bytesOf = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const jsonOf = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes));

const key = fc.stringMatching(/^[A-Za-z0-9-]{1,64}$/);
const epoch = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
/** Whatever a computation may come to, from the shortest interval on, with forgetting after survival. */
const anyRange = fc
  .tuple(fc.double({ min: 1, max: 1e6, noNaN: true }), fc.option(fc.double({ min: 1, max: 3, noNaN: true })))
  .map(([survivesSeconds, ratio]) => ({
    survivesSeconds,
    forgetsSeconds: ratio === null ? null : survivesSeconds * ratio,
  }));

describe('a network report', () => {
  it('is the JSON of the document', () => {
    assert.deepEqual(jsonOf(encodeNetworkReport(REPORT)), REPORT_JSON);
    assert.deepEqual(jsonOf(encodeNetworkReport({ ...REPORT, summary: null })), {
      ...REPORT_JSON,
      summary: null,
    });
  });

  it('comes back, rounded outwards to tenths, whatever was computed; small enough', () => {
    fc.assert(
      fc.property(key, epoch, fc.option(anyRange), (network, epoch, summary) => {
        const bytes = encodeNetworkReport({ network, epoch, summary });
        assert.ok(bytes.length <= MAX_NETWORK_REPORT_BYTES);
        const parsed = parseNetworkReport(bytes);
        assert.ok(parsed.ok, `${parsed.ok || parsed.refusal}`);
        assert.equal(parsed.report.network, network);
        assert.equal(parsed.report.epoch, epoch);
        const found = parsed.report.summary;
        if (summary === null || found === null) return assert.equal(found, summary);
        const { survivesSeconds, forgetsSeconds } = found;
        const expected = Math.min(65_535, Math.max(0.1, summary.survivesSeconds));
        assert.ok(survivesSeconds <= expected && survivesSeconds > expected - 0.1 - 1e-9);
        if (forgetsSeconds === null) {
          return assert.ok(summary.forgetsSeconds === null || summary.forgetsSeconds > 65_534.9);
        }
        const wanted = Math.max(summary.forgetsSeconds ?? 0, survivesSeconds + 0.1);
        assert.ok(Math.abs(forgetsSeconds - wanted - 0.05) < 0.051, `${forgetsSeconds} for ${wanted}`);
        // What was rounded once stays as it is.
        assert.deepEqual(encodeNetworkReport(parsed.report), bytes);
      }),
      { numRuns: 2000 },
    );
  });

  it('takes unknown fields of a newer agent', () => {
    const newer = bytesOf({ ...REPORT_JSON, hour: 7, summary: { ...REPORT_JSON.summary, hour: 7 } });
    assert.deepEqual(parseNetworkReport(newer), { ok: true, report: REPORT });
  });

  it('names the field that it refuses', () => {
    const summary = (change: object): object => ({ summary: { ...REPORT_JSON.summary, ...change } });
    const refusals: readonly (readonly [string, object])[] = [
      ...[undefined, null, '', 7, 'a/b', '+', 'x'.repeat(65)].map(
        (network) => ['bad-network', { network }] as const,
      ),
      ...[undefined, null, -1, 1.5, '7', 2 ** 53].map((epoch) => ['bad-epoch', { epoch }] as const),
      ...[undefined, 7, [], 'x'].map((value) => ['bad-summary', { summary: value }] as const),
      ...[undefined, null, 0, -1, '290', 65_536, [290]].map(
        (value) => ['bad-survives', summary({ survives_seconds: value })] as const,
      ),
      ...[undefined, 0, 290.5, 280, '310', 65_536].map(
        (value) => ['bad-forgets', summary({ forgets_seconds: value })] as const,
      ),
      ['too-vague', summary({ forgets_seconds: 1163 })],
    ];
    for (const [refusal, change] of refusals) {
      const parsed = parseNetworkReport(bytesOf({ ...REPORT_JSON, ...change }));
      assert.deepEqual(parsed, { ok: false, refusal }, JSON.stringify(change));
    }
    const texts: readonly (readonly [string, Uint8Array])[] = [
      ['too-large', new Uint8Array(MAX_NETWORK_REPORT_BYTES + 1).fill(0x20)],
      ['not-utf8', Uint8Array.of(0xff)],
      ['not-json', new Uint8Array()],
      ['not-an-object', bytesOf([REPORT_JSON])],
      ['not-an-object', bytesOf(null)],
    ];
    for (const [refusal, bytes] of texts) {
      assert.deepEqual(parseNetworkReport(bytes), { ok: false, refusal });
      if (refusal !== 'too-large') assert.deepEqual(parseNetworkKnowledge(bytes), { ok: false, refusal });
    }
  });
});

describe('knowledge of a network', () => {
  it('is the JSON of the document, and comes back', () => {
    assert.deepEqual(jsonOf(encodeNetworkKnowledge(KNOWLEDGE)), KNOWLEDGE_JSON);
    assert.deepEqual(parseNetworkKnowledge(bytesOf(KNOWLEDGE_JSON)), { ok: true, knowledge: KNOWLEDGE });
  });

  it('fits its size and parses, whatever was computed', () => {
    const share = fc.double({ min: 1e-9, max: 1, minExcluded: true, noNaN: true });
    const spikes = fc.array(fc.tuple(anyRange, share), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(key, fc.integer({ min: 1, max: 32 }), share, spikes, (network, devices, part, list) => {
        const weight = devices * part;
        const bytes = encodeNetworkKnowledge({
          network,
          devices,
          weight,
          summary: list[0]?.[0] ?? assert.fail(),
          spikes: list.map(([range, share]) => ({ ...range, weight: weight * share })),
        });
        assert.ok(bytes.length <= MAX_NETWORK_KNOWLEDGE_BYTES);
        const parsed = parseNetworkKnowledge(bytes);
        assert.ok(parsed.ok, `${parsed.ok || parsed.refusal}`);
        assert.equal(parsed.knowledge.spikes.length, list.length);
        assert.deepEqual(encodeNetworkKnowledge(parsed.knowledge), bytes);
      }),
      { numRuns: 2000 },
    );
  });

  it('without spikes is one spike, and may be wider than a report', () => {
    const { spikes: _, ...plain } = KNOWLEDGE_JSON;
    const parsed = parseNetworkKnowledge(bytesOf(plain));
    assert.ok(parsed.ok);
    assert.deepEqual(parsed.knowledge.spikes, [{ ...KNOWLEDGE.summary, weight: 4.5 }]);
  });

  it('names the field that it refuses', () => {
    const [spike] = KNOWLEDGE_JSON.spikes;
    const refusals: readonly (readonly [string, object])[] = [
      ...[undefined, 0, 2, '1'].map((v) => ['unknown-version', { v }] as const),
      ...[undefined, '', 'a/b', 7].map((key) => ['bad-network', { key }] as const),
      ...[undefined, 0, -1, 1.5, '5', 1e9].map((devices) => ['bad-devices', { devices }] as const),
      ...[undefined, 0, -1, 5.1, '4'].map((weight) => ['bad-weight', { weight }] as const),
      ...[undefined, null, []].map((summary) => ['bad-summary', { summary }] as const),
      ['bad-survives', { summary: { survives_seconds: 0, forgets_seconds: 9 } }],
      ['bad-forgets', { summary: { survives_seconds: 9, forgets_seconds: 9 } }],
      ...[
        [],
        {},
        [spike, spike, spike, spike],
        [null],
        [{ ...spike, weight: 9 }],
        [{ ...spike, weight: 0 }],
      ].map((spikes) => ['bad-spikes', { spikes }] as const),
    ];
    for (const [refusal, change] of refusals) {
      const parsed = parseNetworkKnowledge(bytesOf({ ...KNOWLEDGE_JSON, ...change }));
      assert.deepEqual(parsed, { ok: false, refusal }, JSON.stringify(change));
    }
    const large = new Uint8Array(MAX_NETWORK_KNOWLEDGE_BYTES + 1).fill(0x20);
    assert.deepEqual(parseNetworkKnowledge(large), { ok: false, refusal: 'too-large' });
  });
});

describe('bytes from outside', () => {
  it('never make a parser throw, and what is taken in is within bounds: 40,000 mutations', (test) => {
    const seed = chooseSeed();
    test.diagnostic(`TEST_SEED=${seed}`);
    const random = seeded(seed);
    const report = encodeNetworkReport(REPORT);
    const knowledge = encodeNetworkKnowledge(KNOWLEDGE);
    let accepted = 0;
    for (let round = 0; round < 20_000; round += 1) {
      const wild = round % 10 === 0;
      const said = parseNetworkReport(wild ? randomBytes(random, 600) : mutated(random, report));
      const known = parseNetworkKnowledge(wild ? randomBytes(random, 1100) : mutated(random, knowledge));
      const ranges = [
        ...(said.ok && said.report.summary !== null ? [said.report.summary] : []),
        ...(known.ok ? [known.knowledge.summary, ...known.knowledge.spikes] : []),
      ];
      accepted += ranges.length;
      for (const { survivesSeconds, forgetsSeconds } of ranges) {
        const end = forgetsSeconds ?? 65_536;
        assert.ok(survivesSeconds >= 0.1 && survivesSeconds < end && end <= 65_536, `TEST_SEED=${seed}`);
      }
    }
    assert.ok(accepted > 100, `${accepted} accepted`);
  });
});
