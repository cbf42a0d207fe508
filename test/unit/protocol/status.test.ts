import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  checkStatus,
  encodeStatus,
  MAX_COUNT,
  MAX_STATUS_BYTES,
  parseStatus,
  type Status,
} from '../../../protocol/status.ts';
import { between, chooseSeed, mutated, pick, randomBytes, seeded } from './seeded.ts';

const PLAIN = { noNullPrototype: true } as const;
const natural = fc.oneof(fc.nat(), fc.maxSafeNat());
const letter = fc.constantFrom(...'abcdefghijklmnopqrstuvwxyzABCXYZ0189._:-');
const word = (maxLength: number) =>
  fc.array(letter, { minLength: 1, maxLength }).map((letters) => letters.join(''));
const shortText = fc.string({ unit: 'grapheme-ascii', maxLength: 90 });

const statusWith = (text: fc.Arbitrary<string>): fc.Arbitrary<Status> =>
  fc.record(
    {
      state: fc.constantFrom('online' as const, 'leaving' as const, 'offline' as const),
      epoch: natural,
      intervalSeconds: fc.integer({ min: 1, max: 65_535 }),
      count: fc.integer({ min: 1, max: MAX_COUNT }),
      reason: text,
      agentVersion: text,
      network: fc.option(word(64)),
      groups: fc.array(word(64), { maxLength: 16 }),
      configurationVersion: fc.option(natural),
      counters: fc.record({ probes: natural, reconnects: natural, lapses: natural }, PLAIN),
    },
    PLAIN,
  );

const SAMPLE: Status = {
  state: 'online',
  epoch: 7,
  intervalSeconds: 30,
  count: 3,
  reason: 'nothing learned yet: 30 s',
  agentVersion: '0.1.0',
  network: null,
  groups: ['pumps'],
  configurationVersion: null,
  counters: { probes: 1, reconnects: 2, lapses: 3 },
};
const SAMPLE_JSON = {
  state: 'online',
  epoch: 7,
  keepalive_interval: 30,
  keepalive_count: 3,
  reason: 'nothing learned yet: 30 s',
  agent_version: '0.1.0',
  network: null,
  groups: ['pumps'],
  configuration_version: null,
  counters: { probes: 1, reconnects: 2, lapses: 3 },
};
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const bytesOf = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

type Rule = (value: unknown) => boolean;
const isNatural: Rule = (value) =>
  /^\d{1,16}$/.test(JSON.stringify(value) ?? '') &&
  Object.is(value, Number(JSON.stringify(value))) &&
  Number(value) < 2 ** 53;
const isString =
  (max: number): Rule =>
  (value) =>
    typeof value === 'string' && value.length <= max;

/** What the document says of each field; `optional` ones may be missing, `nullable` ones null. */
const RULES: Readonly<Record<string, { rule: Rule; optional?: boolean }>> = {
  state: { rule: (value) => ['online', 'leaving', 'offline'].some((state) => state === value) },
  epoch: { rule: isNatural },
  keepalive_interval: { rule: (value) => isNatural(value) && Number(value) >= 1 && Number(value) <= 65_535 },
  keepalive_count: { rule: (value) => isNatural(value) && Number(value) >= 1 && Number(value) <= 100 },
  reason: { rule: isString(200), optional: true },
  agent_version: { rule: isString(200), optional: true },
  network: { rule: isString(64), optional: true },
  groups: {
    rule: (value) =>
      Array.isArray(value) &&
      value.length <= 16 &&
      value.every((name) => typeof name === 'string' && /^[\w.:-]{1,64}$/.test(name)),
    optional: true,
  },
  configuration_version: { rule: isNatural, optional: true },
  counters: {
    rule: (value) => {
      const counters = Object(value);
      return value !== null && ['probes', 'reconnects', 'lapses'].every((name) => isNatural(counters[name]));
    },
  },
};

/** Whether the bytes are a status by the document. */
function oracle(bytes: Uint8Array): boolean {
  if (bytes.length > 2048) return false;
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return false;
  }
  if (Object.prototype.toString.call(value) !== '[object Object]') return false;
  const fields = value as Record<string, unknown>;
  return Object.entries(RULES).every(([name, { rule, optional = false }]) => {
    const field = fields[name];
    if (optional && (field === undefined || field === null)) return true;
    if (name === 'counters' && field === undefined) return true;
    return rule(field);
  });
}

describe('status', () => {
  it('is the JSON of the document', () => {
    assert.deepEqual(JSON.parse(text(encodeStatus(SAMPLE))), SAMPLE_JSON);
  });

  it('comes back as it was', () => {
    fc.assert(
      fc.property(statusWith(shortText), (status) => {
        assert.deepEqual(parseStatus(encodeStatus(status)), { ok: true, status });
      }),
      { numRuns: 1000 },
    );
  });

  it('parses whatever its texts are; over-long ones are cut at the end, never inside a character', () => {
    const wild = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 600 }),
      fc.string({ unit: fc.constantFrom('\0', '\ud800', '"', 'ß', '😀', '\u2028'), maxLength: 400 }),
    );
    fc.assert(
      fc.property(statusWith(wild), (status) => {
        const bytes = encodeStatus(status);
        const parsed = parseStatus(bytes);
        assert.ok(parsed.ok, `${parsed.ok || parsed.refusal}: ${bytes.length} bytes`);
        const { reason, agentVersion } = parsed.status;
        assert.ok(status.reason.startsWith(reason) && status.agentVersion.startsWith(agentVersion));
        assert.deepEqual(parsed.status, { ...status, reason, agentVersion });
        const half =
          /[\ud800-\udbff]$/.test(reason) && /^[\udc00-\udfff]/.test(status.reason.slice(reason.length));
        assert.equal(half, false);
      }),
      { numRuns: 1000 },
    );
  });

  it('parses at its largest: all groups, the longest names, texts of nothing but escapes', () => {
    const groups = Array.from({ length: 16 }, (_, n) => `${n}`.padEnd(64, 'g'));
    const [reason, agentVersion, network] = ['\0'.repeat(300), '\ud800'.repeat(300), 'n'.repeat(64)];
    const most = Number.MAX_SAFE_INTEGER;
    const counters = { probes: most, reconnects: most, lapses: most };
    const status = { ...SAMPLE, epoch: most, reason, agentVersion, network, groups, counters };
    assert.equal(parseStatus(encodeStatus(status)).ok, true);
  });
});

describe('checkStatus', () => {
  const refusal = (change: object): string | null => {
    const checked = checkStatus({ ...SAMPLE_JSON, ...change });
    return checked.ok ? null : checked.refusal;
  };

  it('takes what an older or a newer agent says: fewer optional fields, and unknown ones', () => {
    const { state, epoch, keepalive_interval, keepalive_count } = SAMPLE_JSON;
    const old = checkStatus({ state, epoch, keepalive_interval, keepalive_count });
    assert.ok(old.ok);
    assert.deepEqual(old.status.groups, []);
    assert.deepEqual(old.status.counters, { probes: 0, reconnects: 0, lapses: 0 });
    assert.deepEqual(checkStatus({ ...SAMPLE_JSON, relay: true }), { ok: true, status: SAMPLE });
  });

  it('names the field that it refuses', () => {
    const notCounts = [null, '7', -1, -0, 1.5, 2 ** 53, Number.NaN, true, [7]];
    const refusals: readonly (readonly [string, string, readonly unknown[]])[] = [
      ['state', 'bad-state', [undefined, null, 'ONLINE', 'dead', 1, ['online']]],
      ['epoch', 'bad-epoch', [undefined, ...notCounts]],
      ['keepalive_interval', 'bad-interval', [undefined, 0, 65_536, ...notCounts]],
      ['keepalive_count', 'bad-count', [undefined, 0, MAX_COUNT + 1, ...notCounts]],
      ['reason', 'bad-reason', [1, {}, 'x'.repeat(201)]],
      ['agent_version', 'bad-agent-version', [1, {}, 'x'.repeat(201)]],
      ['network', 'bad-network', [1, {}, 'x'.repeat(65)]],
      ['groups', 'bad-groups', ['pumps', {}, [''], ['a/b'], [null], ['+'], Array(17).fill('a')]],
      ['configuration_version', 'bad-configuration-version', ['1', -1, 0.5]],
      [
        'counters',
        'bad-counters',
        [null, 1, [], {}, { probes: 1, reconnects: 1 }, { ...SAMPLE.counters, lapses: -1 }],
      ],
    ];
    for (const [field, expected, values] of refusals) {
      for (const value of values)
        assert.equal(refusal({ [field]: value }), expected, `${field}: ${String(value)}`);
    }
  });

  it('refuses what is no object', () => {
    for (const value of [null, undefined, 1, 'online', true, [], [SAMPLE_JSON]]) {
      assert.deepEqual(checkStatus(value), { ok: false, refusal: 'not-an-object' });
    }
  });

  it('never throws, whatever JSON held', () => {
    const field = fc.constantFrom(...Object.keys(SAMPLE_JSON));
    fc.assert(
      fc.property(fc.dictionary(field, fc.jsonValue()), (change) => {
        const value = { ...SAMPLE_JSON, ...change };
        assert.equal(checkStatus(value).ok, oracle(bytesOf(value)));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('parseStatus', () => {
  it('names what the bytes are not', () => {
    assert.deepEqual(parseStatus(new Uint8Array()), { ok: false, refusal: 'not-json' });
    assert.deepEqual(parseStatus(bytesOf(SAMPLE_JSON).subarray(1)), { ok: false, refusal: 'not-json' });
    assert.deepEqual(parseStatus(Uint8Array.of(0x22, 0xff, 0x22)), { ok: false, refusal: 'not-utf8' });
    assert.deepEqual(parseStatus(bytesOf([])), { ok: false, refusal: 'not-an-object' });
  });

  it('reads up to the limit and not one byte more', () => {
    const padded = (length: number): Uint8Array => {
      const bare = bytesOf({ ...SAMPLE_JSON, more: '' }).length;
      return bytesOf({ ...SAMPLE_JSON, more: 'x'.repeat(length - bare) });
    };
    assert.equal(padded(MAX_STATUS_BYTES).length, MAX_STATUS_BYTES);
    assert.equal(parseStatus(padded(MAX_STATUS_BYTES)).ok, true);
    assert.deepEqual(parseStatus(padded(MAX_STATUS_BYTES + 1)), { ok: false, refusal: 'too-large' });
  });

  it('agrees with the oracle on 100,000 random and mutated inputs, and what passes keeps its meaning', (test) => {
    const seed = chooseSeed();
    test.diagnostic(`TEST_SEED=${seed}`);
    const random = seeded(seed);
    const samples = [SAMPLE, { ...SAMPLE, network: 'n1', groups: [] }, { ...SAMPLE, reason: 'größer' }];
    const encoded = samples.map(encodeStatus);
    let accepted = 0;
    for (let round = 0; round < 100_000; round += 1) {
      const bytes = round % 10 === 0 ? randomBytes(random, 64) : mutatedStatus(random, pick(random, encoded));
      const parsed = parseStatus(bytes);
      assert.equal(parsed.ok, oracle(bytes), `${text(bytes)}, TEST_SEED=${seed}`);
      if (!parsed.ok) continue;
      accepted += 1;
      assert.deepEqual(parseStatus(encodeStatus(parsed.status)), parsed, `${text(bytes)}, TEST_SEED=${seed}`);
    }
    assert.ok(accepted > 1000 && accepted < 90_000, `${accepted} accepted`);
  });
});

/** Damaged bytes, or the same JSON with a value of one field put in place of another's. */
function mutatedStatus(random: () => number, bytes: Uint8Array): Uint8Array {
  if (random() < 0.7) return mutated(random, bytes);
  const value = JSON.parse(text(bytes)) as Record<string, unknown>;
  const names = Object.keys(value);
  for (let changes = between(random, 1, 2); changes > 0; changes -= 1) {
    const strange = [0, -1, 65_536, 101, 1e16, '', null, {}, [], 'a/b', ['x'], ...Object.values(value)];
    value[pick(random, names)] = pick(random, strange);
  }
  return bytesOf(value);
}
