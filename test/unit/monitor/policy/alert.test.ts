import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openedAlert, resolvedAlert } from '../../../../monitor/policy/alert.ts';
import { record, wall } from './fixtures.ts';

test('an alert says what was promised and when the device was last heard', () => {
  const alert = openedAlert(
    record({ state: 'dead', stateSinceMs: wall(92), lastHeardMs: wall(0), sequence: 9 }),
    'unexplained',
  );
  assert.deepEqual(alert, {
    id: 'a:9',
    device: 'a',
    groups: ['roof'],
    network: 'home',
    openedMs: wall(92),
    resolvedMs: null,
    lastHeardMs: wall(0),
    keepaliveTimeoutSeconds: 90,
    lapseCause: 'unexplained',
    summary:
      'a is silent: last heard at 2030-01-01T00:00:00.000Z, 92 s before; it promised a probe every 30 s, ' +
      'and its keepalive_timeout of 90 s (30 s × 3) has lapsed. Nothing is known of the cause.',
  });
});

test('a device that was never heard is said to be so', () => {
  assert.match(
    openedAlert(record({ state: 'dead', lastHeardMs: null }), 'unexplained').summary,
    /no probe was ever heard/,
  );
});

test('a time outside of the calendar, as from a damaged record, does not throw', () => {
  for (const lastHeardMs of [1e300, -1e300, Number.NaN]) {
    assert.match(
      openedAlert(record({ state: 'dead', lastHeardMs }), 'unexplained').summary,
      /an unknown time/,
    );
  }
});

test('a resolved alert is the same alert with the time of its end', () => {
  const alert = openedAlert(record({ state: 'dead' }), 'network-wide');
  assert.deepEqual(resolvedAlert(alert, wall(5)), { ...alert, resolvedMs: wall(5) });
});
