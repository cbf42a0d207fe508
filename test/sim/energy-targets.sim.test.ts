/** The figures that the product promises, with few seeds; `npm run bench:energy` has them all. Seeds 1 and 2. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RADIO_ENERGY_CSV } from '../../bench/energy/embedded-radios.ts';
import { readIdleTimeouts } from '../../bench/energy/options.ts';
import { parseRadios } from '../../bench/energy/radio.ts';
import { OUR_RULE, RULES } from '../../bench/energy/rules/catalogue.ts';
import { type Row, type TableOptions, tableRows } from '../../bench/energy/table.ts';

const LTE = parseRadios(RADIO_ENERGY_CSV).filter(({ name }) => name === 'lte');
const SEEDS = 2;

const OPTIONS: TableOptions = {
  rules: RULES,
  radios: LTE,
  idleTimeoutSeconds: readIdleTimeouts(),
  backgroundLossPerHour: [0],
  policy: 'balanced',
  minSeconds: 15,
  maxSeconds: 1200,
  days: [1, 7],
  seeds: SEEDS,
};

const [radio] = LTE;
assert.ok(radio !== undefined);
const quiet = tableRows(OPTIONS, radio, 0);
// What others know of the network is not needed where nothing is asserted of it.
const alone = RULES.map((entry) => ({ ...entry, usesFleet: false }));
const lossy = tableRows({ ...OPTIONS, rules: alone, days: [7] }, radio, 1);

function ours(rows: readonly Row[], days: number, fleetKnowledge: boolean): Row {
  const found = rows.find(
    (row) => row.rule === OUR_RULE && row.days === days && row.fleetKnowledge === fleetKnowledge,
  );
  assert.ok(found !== undefined);
  return found;
}

function atMost(row: Row, limit: number): void {
  assert.ok(row.geometricMeanRatio <= limit, `${row.geometricMeanRatio} is above ${limit}`);
}

test('near the clairvoyant over a week, on day one, and sooner where the network is known', () => {
  atMost(ours(quiet, 7, false), 1.05);
  atMost(ours(quiet, 1, false), 1.12);
  atMost(ours(quiet, 1, true), 1.03);
  atMost(ours(lossy, 7, false), 1.08);
});

test('no path is bad over a week', () => {
  for (const row of [ours(quiet, 7, false), ours(lossy, 7, false), ours(quiet, 7, true)]) {
    assert.ok(row.worstRatio <= 1.25, `${row.worstRatio} at ${row.worstIdleTimeoutSeconds} s`);
  }
});

test('learning costs few connections', () => {
  assert.ok(ours(quiet, 7, false).drops <= 12);
});

test('ahead of every other rule, retuned ones included', () => {
  for (const rows of [
    quiet.filter(({ days }) => days === 1),
    quiet.filter(({ days }) => days === 7),
    lossy,
  ]) {
    const own = rows.find((row) => row.rule === OUR_RULE && !row.fleetKnowledge);
    for (const row of rows.filter(({ rule }) => rule !== OUR_RULE)) {
      assert.ok(row.geometricMeanRatio > (own?.geometricMeanRatio ?? Number.POSITIVE_INFINITY), row.rule);
    }
  }
});
