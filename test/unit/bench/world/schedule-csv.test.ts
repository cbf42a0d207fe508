import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseOutages, parseTimeouts, timeoutAt } from '../../../../bench/world/schedule-csv.ts';

const TIMEOUTS = 'start_seconds,idle_timeout_seconds\n';
const OUTAGES = 'start_seconds,duration_seconds\n';

test('a timeout holds until the next row; a table that ends within a day repeats', () => {
  const at = timeoutAt(parseTimeouts(`${TIMEOUTS}0,600\r\n28800, 300\n\n64800,120\n`));
  const times = [0, 28_799, 28_800, 64_799, 86_399, 86_400, 86_400 + 30_000];
  assert.deepEqual(times.map(at), [600, 600, 300, 300, 120, 600, 300]);
});

test('a longer table keeps its last row', () => {
  const at = timeoutAt(parseTimeouts(`${TIMEOUTS}0,600\n259200,300\n`));
  assert.deepEqual([100_000, 259_199, 259_200, 1e6].map(at), [600, 600, 300, 300]);
});

test('what is wrong is named with its line', () => {
  const cases: readonly [(csv: string) => unknown, string, RegExp][] = [
    [parseTimeouts, '', /line 1: has to be "start_seconds,idle_timeout_seconds"/],
    [parseTimeouts, 'a,b\n0,1\n', /line 1: has to be/],
    [parseTimeouts, TIMEOUTS, /no row below the header/],
    [parseTimeouts, `${TIMEOUTS}5,600\n`, /line 2: the first row has to start at 0/],
    [parseTimeouts, `${TIMEOUTS}0,600\n\n0,500\n`, /line 4: start_seconds has to grow/],
    [parseTimeouts, `${TIMEOUTS}0,0\n`, /line 2: idle_timeout_seconds has to be above 0/],
    [parseTimeouts, `${TIMEOUTS}0,ten\n`, /line 2: idle_timeout_seconds is "ten", not a number/],
    [parseTimeouts, `${TIMEOUTS}0,-1\n`, /is "-1", not a number of zero or more/],
    [parseTimeouts, `${TIMEOUTS}0\n`, /line 2: has 1 values, not 2/],
    [parseOutages, `${OUTAGES}10,20\n25,5\n`, /line 3: starts before the outage above it has ended/],
    [parseOutages, `${OUTAGES}10,0\n`, /line 2: duration_seconds has to be above 0/],
  ];
  for (const [parse, csv, reason] of cases) assert.throws(() => parse(csv), reason, JSON.stringify(csv));
});
