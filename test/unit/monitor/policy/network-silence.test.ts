import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NetworkSilence } from '../../../../monitor/policy/network-silence.ts';

const MINUTE_MS = 60_000;

function network(present: number, late: number, deaths: number, diedAtMs = 0): NetworkSilence {
  const silence = new NetworkSilence();
  for (let n = 0; n < present; n += 1) silence.joined('n', 'alive');
  for (let n = 0; n < late; n += 1) silence.joined('n', 'late');
  for (let n = 0; n < deaths; n += 1) silence.died('n', diedAtMs);
  return silence;
}

test('wide when at least half of it, and three, are late or died lately', () => {
  assert.equal(network(3, 2, 1).isWide('n', 0), true);
  assert.equal(network(4, 2, 1).isWide('n', 0), false);
  assert.equal(network(0, 1, 1).isWide('n', 0), false);
  assert.equal(network(9, 9, 9).isWide('other', 0), false);
  assert.equal(network(9, 9, 9).isWide(null, 0), false);
});

test('deaths of long ago do not count', () => {
  assert.equal(network(1, 0, 3, 0).isWide('n', 14 * MINUTE_MS), true);
  assert.equal(network(1, 0, 3, 0).isWide('n', 31 * MINUTE_MS), false);
});

test('who comes back, leaves or changes its network is counted where it is', () => {
  const silence = network(0, 3, 0);
  assert.equal(silence.isWide('n', 0), true);
  silence.parted('n', 'late');
  silence.joined('n', 'alive');
  assert.equal(silence.isWide('n', 0), false);
  silence.parted('n', 'late');
  silence.parted('n', 'late');
  silence.parted('n', 'alive');
  assert.equal(silence.size, 0);
});
