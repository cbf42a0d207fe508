import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  deathsSince,
  deliveriesOf,
  missingAdapted,
  missingAlive,
  wrongDetection,
} from '../../../../../scripts/lib/demo/checks.ts';
import type { DeviceHistory } from '../../../../../scripts/lib/demo/chronicle.ts';
import type { Delivery } from '../../../../../scripts/lib/demo/webhook-receiver.ts';
import { history, row, sight } from './fixtures.ts';

describe('alive', () => {
  const chronicle = (change: Parameters<typeof row>[0]) =>
    new Map([['pump', history({ sight: sight({ row: row(change) }) })]]);

  test('heard since, in state alive', () => {
    assert.equal(missingAlive(chronicle({ lastHeardMs: 100 }), ['pump'], 100), null);
  });

  test('unknown, not alive, heard too long ago or never: named', () => {
    for (const seen of [
      new Map(),
      chronicle({ lastHeardMs: 99 }),
      chronicle({ lastHeardMs: null }),
      chronicle({ state: 'late' }),
      new Map([['pump', history({ sight: sight({ row: null }) })]]),
    ]) {
      assert.equal(missingAlive(seen, ['pump'], 100), 'not heard alive: pump');
    }
  });
});

describe('adapted', () => {
  const named = (device: string, change: Partial<DeviceHistory>): [string, DeviceHistory] => [
    device,
    history({ longestIntervalSeconds: 5, ...change, sight: sight({ device }) }),
  ];
  const base = new Map(['a', 'b', 'c'].map((device) => [device, 2]));
  const learned = { drops: 1, safeProbes: 3 };

  test('all grew, enough learned', () => {
    const seen = new Map([named('a', learned), named('b', learned), named('c', {})]);
    assert.equal(missingAdapted(seen, base, 2), null);
    assert.match(missingAdapted(seen, base, 3) ?? '', /so far: a, b/);
  });

  test('one that never grew is named', () => {
    const seen = new Map([named('a', learned), named('b', { longestIntervalSeconds: 2 })]);
    assert.match(missingAdapted(seen, base, 1) ?? '', /not grown: b/);
  });

  test('one that met its limit and is not safely below it is named', () => {
    for (const change of [
      { drops: 1, safeProbes: 2 },
      { drops: 2, safeProbes: 9, isBack: false },
    ]) {
      const seen = new Map([named('a', learned), named('b', change)]);
      assert.match(missingAdapted(seen, base, 1) ?? '', /not yet safely below what the path forgets: b/);
    }
  });
});

describe('detection', () => {
  const good = { heardMs: 0, timeoutSeconds: 6, graceSeconds: 1, slackSeconds: 1 };
  const at = (flaggedMs: number, seenMs = flaggedMs + 200) => wrongDetection({ ...good, flaggedMs, seenMs });

  test('from keepalive_timeout to that plus grace and slack', () => {
    for (const ms of [6000, 7000, 8000]) assert.equal(at(ms), null);
  });

  test('too early, too late, or dated other than seen', () => {
    assert.match(at(5990) ?? '', /5\.99 s .* before its keepalive_timeout of 6 s/);
    assert.match(at(8010) ?? '', /8\.01 s .* at most 8 s/);
    assert.match(at(7000, 9000) ?? '', /could be seen/);
    assert.match(at(7000, 6500) ?? '', /could be seen/);
  });
});

test('deliveries are told apart by event, device and time', () => {
  const one = (event: Delivery['event'], device: string, atMs: number): Delivery => ({
    event,
    device,
    atMs,
    alertId: 'x:1',
    idempotencyKey: 'x:1:1',
    summary: '',
  });
  const all = [one('opened', 'a', 1), one('opened', 'a', 5), one('opened', 'b', 5), one('resolved', 'a', 5)];
  assert.deepEqual(deliveriesOf(all, 'opened', 'a', 2), [all[1]]);
});

test('deaths are counted since a moment', () => {
  const transitions = [
    { to: 'dead', atMs: 10 },
    { to: 'alive', atMs: 11 },
    { to: 'dead', atMs: 12 },
  ];
  assert.equal(deathsSince(transitions, 11), 1);
});
