import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { RADIO_ENERGY_CSV } from '../../../../bench/energy/embedded-radios.ts';

test('the built program carries the table of the repository', () => {
  const file = new URL('../../../../bench/energy/data/radio-energy.csv', import.meta.url);
  assert.equal(RADIO_ENERGY_CSV, readFileSync(file, 'utf8'));
});
