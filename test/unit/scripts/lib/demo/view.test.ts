import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coloured, paintFor, plain } from '../../../../../scripts/lib/demo/paint.ts';
import { renderTable } from '../../../../../scripts/lib/demo/view.ts';
import { history, row, sight } from './fixtures.ts';

const model = {
  histories: [
    history({ drops: 2 }),
    history({ sight: sight({ device: 'gate', row: null }) }),
    history({
      sight: sight({ device: 'meter', row: row({ state: 'dead', rttMs: null, batteryPercent: 14 }) }),
    }),
  ],
  idleSeconds: new Map([['pump', 5.5]]),
  isMonitorDown: false,
  openAlerts: 1,
  nowMs: 10_500,
  columns: 120,
};

/** What a terminal shows of a text with colours. */
const shown = (text: string): string =>
  text.replace(new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g'), '');

test('state, interval, next due, round trip, battery, drops and why, in columns', () => {
  assert.deepEqual(renderTable(model, plain), [
    'DEVICE   PATH FORGETS  STATE  INTERVAL  NEXT DUE  RTT     BATTERY  DROPS  WHY',
    'pump     after 5.5 s   alive  2 s       1.5 s     3 ms    50 %     2      nothing learned yet: 2 s',
    'gate     after ? s     -',
    'meter    after ? s     dead   2 s       -         -       14 %     0      nothing learned yet: 2 s',
    'open alerts: 1',
  ]);
});

test('colours change nothing but the colour, and no line outgrows the terminal', () => {
  for (const columns of [20, 60, 80, 120]) {
    const bare = renderTable({ ...model, columns }, plain);
    const bright = renderTable({ ...model, columns }, coloured);
    assert.deepEqual(
      bright.map((line) => shown(line).trimEnd()),
      bare,
    );
    assert.ok(bare.every((line) => line.length < columns));
    assert.notDeepEqual(bright, bare);
  }
});

test('a reason that is cut says so', () => {
  const [, cut] = renderTable({ ...model, columns: 90 }, plain);
  assert.match(cut ?? '', / nothing lea[a-z]*…$/);
  assert.equal(cut?.length, 89);
  const [, fits] = renderTable({ ...model, columns: 120 }, plain);
  assert.doesNotMatch(fits ?? '', /…/);
});

test('a reason that speaks of another interval than the one promised last says of which', () => {
  const histories = [history({ sight: sight({ row: row({ intervalSeconds: 3 }) }), explainedSeconds: 2 })];
  const [, line] = renderTable({ ...model, histories }, plain);
  assert.match(line ?? '', / 3 s .* 2 s: nothing learned yet: 2 s$/);
});

test('a monitor that is down is said, whatever was known before', () => {
  assert.equal(renderTable({ ...model, isMonitorDown: true }, plain).at(-1), 'monitor and broker are down');
});

test('colours only on a terminal that wants them', () => {
  assert.equal(paintFor(true, {}), coloured);
  assert.equal(paintFor(true, { NO_COLOR: '' }), coloured);
  assert.equal(paintFor(true, { NO_COLOR: '0' }), plain);
  assert.equal(paintFor(true, { TERM: 'dumb' }), plain);
  assert.equal(paintFor(false, {}), plain);
});
