import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ArrivalJitter } from '../../../../monitor/policy/arrival-jitter.ts';
import { Watch } from '../../../../monitor/policy/watch.ts';
import { seeded } from '../../protocol/seeded.ts';
import { at, probe, run, SETTINGS, status, told } from './fixtures.ts';

const BASE_MS = 2000;
const MOST_MS = 10_000;

/** `count` arrivals on `network`, late by what `latenessMs` draws. */
function learned(
  jitter: ArrivalJitter,
  network: string | null,
  count: number,
  latenessMs: () => number,
): void {
  for (let n = 0; n < count; n += 1) jitter.arrived(network, 30_000 + latenessMs(), 30_000, n * 1000);
}

test('an even network keeps the base, an uneven one gets what its jitter takes, within the bound', () => {
  const random = seeded(5);
  const jitter = new ArrivalJitter(BASE_MS, MOST_MS);
  learned(jitter, 'even', 500, () => random() * 100);
  learned(jitter, 'uneven', 500, () => random() * 4000);
  learned(jitter, 'wild', 500, () => random() * 10_000);
  assert.equal(jitter.graceMs('even'), BASE_MS);
  assert.equal(jitter.view('even').reason, 'base');
  const uneven = jitter.view('uneven');
  // Mean 2 s, mean deviation 1 s.
  assert.ok(uneven.graceMs > 5000 && uneven.graceMs < 7000, `${uneven.graceMs}`);
  assert.equal(uneven.reason, 'learned');
  assert.deepEqual([jitter.graceMs('wild'), jitter.view('wild').reason], [MOST_MS, 'at-bound']);
});

test('a network of which little is known has the grace of the fleet', () => {
  const jitter = new ArrivalJitter(BASE_MS, MOST_MS);
  const random = seeded(6);
  learned(jitter, 'uneven', 500, () => random() * 4000);
  learned(jitter, 'new', 29, () => 0);
  assert.equal(jitter.view('new').reason, 'fleet-wide');
  assert.equal(jitter.graceMs('new'), jitter.graceMs(null));
  learned(jitter, 'new', 1, () => 0);
  assert.equal(jitter.graceMs('new'), BASE_MS);
});

test('what rode along early, and what came too late for any grace, teaches nothing', () => {
  const jitter = new ArrivalJitter(BASE_MS, MOST_MS);
  learned(jitter, 'n', 500, () => -15_000);
  learned(jitter, 'n', 500, () => 60_000);
  assert.equal(jitter.view('n').samples, 0);
});

test('a network that has become even loses its grace again', () => {
  const random = seeded(7);
  const jitter = new ArrivalJitter(BASE_MS, MOST_MS);
  learned(jitter, 'n', 500, () => random() * 6000);
  assert.equal(jitter.isPlain, false);
  learned(jitter, 'n', 2000, () => 10);
  assert.equal(jitter.graceMs('n'), BASE_MS);
  assert.equal(jitter.isPlain, true);
});

test('of too many networks the one not heard for longest is forgotten', () => {
  const jitter = new ArrivalJitter(BASE_MS, MOST_MS);
  learned(jitter, 'oldest', 40, () => 5000);
  for (let n = 0; n < 4096; n += 1) jitter.arrived(`n${n}`, 30_000, 30_000, 1e9 + n);
  assert.equal(jitter.view('oldest').samples, 0 + 40 + 4096, 'the fleet stands in');
  assert.ok([...jitter.views()].every(({ network }) => network !== 'oldest'));
});

test('equal bounds switch it off', () => {
  const jitter = new ArrivalJitter(BASE_MS, BASE_MS);
  assert.equal(jitter.sampleAtMs, Number.POSITIVE_INFINITY);
  assert.equal(new ArrivalJitter(BASE_MS, 1).graceMs(null), BASE_MS);
});

test('a watch spares devices of an uneven network the lapses that even ones would be told of', () => {
  const late = (maxGraceSeconds: number): string[] => {
    const random = seeded(8);
    const watch = new Watch({ ...SETTINGS, maxGraceSeconds }, [], [], at(0));
    watch.trust('link-lost', at(0));
    watch.statusHeard('a', status({ network: 'nb-iot' }), false, at(1));
    const texts: string[] = [];
    let seconds = 1;
    for (let n = 0; n < 400; n += 1) {
      const next = seconds + 30 + random() * 5;
      for (const { step } of run(watch, seconds, next)) if (n > 100) texts.push(...told(step));
      seconds = next;
      watch.probeHeard('a', probe(30), at(seconds));
    }
    return texts;
  };
  assert.ok(late(0).length > 100);
  assert.deepEqual(late(20), []);
});
