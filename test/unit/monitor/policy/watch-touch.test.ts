/** The way from bytes against the way through objects: what one takes in, the other would have, and no more. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeProbe, parseProbe } from '../../../../protocol/probe.ts';
import { between, chooseSeed, mutated, pick, seeded } from '../../protocol/seeded.ts';
import { at, listening, probe, record } from './fixtures.ts';

const NAMES = ['a', 'b', 'ab', 'device-1', 'late', 'x'.repeat(64)];

test('a hundred thousand random and mutated probes end alike on both ways', () => {
  const seed = chooseSeed();
  const random = seeded(seed);
  const records = NAMES.map((device) => record({ device, state: device === 'late' ? 'late' : 'alive' }));
  const fast = listening(records);
  const plain = listening(records);
  let touched = 0;
  for (let n = 0; n < 100_000; n += 1) {
    const now = at(1 + n / 10_000);
    const device = random() < 0.01 ? 'unknown' : pick(random, NAMES);
    const vitals = {
      batteryPercent: between(random, 0, 100),
      signalDbm: -between(random, 0, 254),
      rttMs: random() < 0.1 ? null : between(random, 0, 65_534),
      reconnects: between(random, 0, 65_535),
    };
    const promised = random() < 0.05 ? between(random, 1, 65_535) : 30;
    let payload = encodeProbe(probe(promised, random() < 0.3 ? vitals : null));
    if (random() < 0.5) payload = mutated(random, payload);
    const parsed = parseProbe(payload);
    const name = new TextEncoder().encode(device);
    const before = between(random, 0, 20);
    const bytes = Uint8Array.of(...new Uint8Array(before), ...name, ...payload, 0xff);
    const place = {
      nameStart: before,
      nameEnd: before + name.length,
      payloadStart: before + name.length,
      payloadEnd: before + name.length + payload.length,
      retained: false,
    };
    const isTouched = fast.probeTouched(bytes, place, now);
    if (isTouched) touched += 1;
    assert.ok(!isTouched || parsed.ok, `TEST_SEED=${seed} ${n}`);
    if (!parsed.ok) continue;
    const step = plain.probeHeard(device, parsed.probe, now);
    if (isTouched) assert.equal(step.saves.length, 0, `TEST_SEED=${seed} ${n}`);
    else assert.deepEqual(fast.probeHeard(device, parsed.probe, now), step, `TEST_SEED=${seed} ${n}`);
    assert.deepEqual(fast.view(device, now), plain.view(device, now), `TEST_SEED=${seed} ${n}`);
  }
  assert.ok(touched > 30_000, `only ${touched} took the short way`);
  assert.equal(fast.totals().probes, plain.totals().probes);
});
