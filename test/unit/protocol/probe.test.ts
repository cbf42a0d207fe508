import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { encodeProbe, MAX_PROMISED_SECONDS, type Probe, parseProbe } from '../../../protocol/probe.ts';
import { between, chooseSeed, mutated, randomBytes, seeded } from './seeded.ts';

const PLAIN = { noNullPrototype: true } as const;
const vitals = fc.record(
  {
    batteryPercent: fc.option(fc.integer({ min: 0, max: 100 })),
    signalDbm: fc.option(fc.integer({ min: 0, max: 254 }).map((loss) => 0 - loss)),
    rttMs: fc.option(fc.integer({ min: 0, max: 65_534 })),
    reconnects: fc.integer({ min: 0, max: 65_535 }),
  },
  PLAIN,
);
const probe: fc.Arbitrary<Probe> = fc.record(
  {
    promisedSeconds: fc.integer({ min: 1, max: MAX_PROMISED_SECONDS }),
    repeat: fc.boolean(),
    externalPower: fc.boolean(),
    vitals: fc.option(vitals),
  },
  PLAIN,
);

const NO_VITALS: Probe = { promisedSeconds: 30, repeat: false, externalPower: false, vitals: null };
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/**
 * The format read from the document's table once more, by string arithmetic instead of shared code: null when
 * the bytes are no probe.
 */
function oracle(bytes: Uint8Array): Probe | null {
  const text = hex(bytes);
  const number = (from: number, length: number): number =>
    Number.parseInt(text.slice(2 * from, 2 * (from + length)), 16);
  const bare = /^0[0246].{4}$/.test(text);
  const full = /^0[1357].{16}$/.test(text);
  if (!bare && !full) return null;
  const promisedSeconds = number(1, 2);
  if (promisedSeconds === 0) return null;
  const digit = Number(text[1]);
  const common = {
    promisedSeconds,
    repeat: digit >= 4,
    externalPower: [2, 3, 6, 7].includes(digit),
  };
  if (bare) return { ...common, vitals: null };
  const [battery, signal, rtt, reconnects] = [number(3, 1), number(4, 1), number(5, 2), number(7, 2)];
  if (battery > 100 && battery < 255) return null;
  return {
    ...common,
    vitals: {
      batteryPercent: battery === 255 ? null : battery,
      signalDbm: signal === 255 ? null : 0 - signal,
      rttMs: rtt === 65_535 ? null : rtt,
      reconnects,
    },
  };
}

describe('probe bytes', () => {
  it('are those of the document', () => {
    assert.equal(hex(encodeProbe(NO_VITALS)), '00001e');
    assert.equal(hex(encodeProbe({ ...NO_VITALS, promisedSeconds: 1200, externalPower: true })), '0204b0');
    const told = { batteryPercent: 57, signalDbm: -97, rttMs: 1234, reconnects: 258 };
    assert.equal(hex(encodeProbe({ ...NO_VITALS, repeat: true, vitals: told })), '05001e396104d20102');
    const unknown = { batteryPercent: null, signalDbm: null, rttMs: null, reconnects: 0 };
    assert.equal(hex(encodeProbe({ ...NO_VITALS, vitals: unknown })), '01001effffffff0000');
  });

  it('bring every probe back as it was', () => {
    fc.assert(
      fc.property(probe, (sent) => {
        const bytes = encodeProbe(sent);
        assert.deepEqual(parseProbe(bytes), { ok: true, probe: sent });
        assert.deepEqual(oracle(bytes), sent);
      }),
      { numRuns: 2000 },
    );
  });

  it('are read where they stand, also inside a larger buffer', () => {
    const carrier = Uint8Array.from([0xff, 0xff, ...encodeProbe(NO_VITALS), 0xff]);
    assert.deepEqual(parseProbe(carrier.subarray(2, 5)), { ok: true, probe: NO_VITALS });
  });
});

describe('encodeProbe', () => {
  it('clamps what a sensor or a long outage yields beyond the format', () => {
    const wild = { batteryPercent: 104, signalDbm: 12, rttMs: 7e6, reconnects: 1e6 };
    const encoded = parseProbe(encodeProbe({ ...NO_VITALS, promisedSeconds: 1e9, vitals: wild }));
    const clamped = { batteryPercent: 100, signalDbm: 0, rttMs: 65_534, reconnects: 65_535 };
    const probe: Probe = { ...NO_VITALS, promisedSeconds: 65_535, vitals: clamped };
    assert.deepEqual(encoded, { ok: true, probe });
  });

  it('states a measurement that is not a number as unknown', () => {
    const broken = { batteryPercent: Number.NaN, signalDbm: Number.NaN, rttMs: Number.NaN, reconnects: 3 };
    assert.equal(hex(encodeProbe({ ...NO_VITALS, vitals: broken })), '01001effffffff0003');
  });

  it('yields a valid probe for any number at all, so that no measurement breaks the heartbeat', () => {
    const anyNumber = fc.oneof(fc.double(), fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -1, 0.5));
    const wild = fc.record({
      batteryPercent: anyNumber,
      signalDbm: anyNumber,
      rttMs: anyNumber,
      reconnects: anyNumber,
    });
    fc.assert(
      fc.property(anyNumber, wild, (promisedSeconds, vitals) => {
        const encoded = encodeProbe({ ...NO_VITALS, promisedSeconds, vitals });
        assert.equal(parseProbe(encoded).ok, true);
      }),
    );
  });
});

describe('parseProbe', () => {
  it('names why it refuses', () => {
    const refusals: readonly (readonly [string, string])[] = [
      ['', 'bad-length'],
      ['00', 'bad-length'],
      ['001e', 'bad-length'],
      ['00001e00', 'bad-length'],
      ['00001effffffff0000', 'bad-length'],
      ['01001e', 'bad-length'],
      ['01001effffffff000000', 'bad-length'],
      ['08001e', 'reserved-flag'],
      ['80001e', 'reserved-flag'],
      ['ff001effffffff0000', 'reserved-flag'],
      ['000000', 'no-promise'],
      ['010000ffffffff0000', 'no-promise'],
      ['01001e65ffffff0000', 'bad-battery'],
      ['01001efeffffff0000', 'bad-battery'],
    ];
    for (const [bytes, refusal] of refusals) {
      assert.deepEqual(parseProbe(Buffer.from(bytes, 'hex')), { ok: false, refusal }, bytes);
    }
  });

  it('refuses each of the five reserved flags, alone and with the known ones', () => {
    for (let flags = 8; flags < 256; flags += 1) {
      const length = (flags & 1) === 0 ? 3 : 9;
      const bytes = new Uint8Array(length).fill(1);
      bytes[0] = flags;
      assert.deepEqual(parseProbe(bytes), { ok: false, refusal: 'reserved-flag' });
    }
  });

  it('agrees with the oracle on 100,000 random and mutated inputs', (test) => {
    const seed = chooseSeed();
    test.diagnostic(`TEST_SEED=${seed}`);
    const random = seeded(seed);
    let accepted = 0;
    for (let round = 0; round < 100_000; round += 1) {
      const valid = randomBytes(random, 9);
      valid[0] = between(random, 0, 7);
      const bytes = round % 2 === 0 ? randomBytes(random, 12) : mutated(random, valid);
      const parsed = parseProbe(bytes);
      const expected = oracle(bytes);
      assert.deepEqual(parsed.ok ? parsed.probe : null, expected, `${hex(bytes)}, TEST_SEED=${seed}`);
      if (!parsed.ok) continue;
      accepted += 1;
      assert.equal(hex(encodeProbe(parsed.probe)), hex(bytes), `TEST_SEED=${seed}`);
    }
    // Both verdicts were exercised, or the oracle proved nothing.
    assert.ok(accepted > 1000 && accepted < 50_000, `${accepted} accepted`);
  });
});
