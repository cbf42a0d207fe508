import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CANARY_SPACING_MS, Canary } from '../../../../monitor/policy/canary.ts';

const SETTINGS = { intervalMs: 5000, timeoutMs: 2000 };
const NEVER = Number.POSITIVE_INFINITY;

function linked(nowMs = 0): Canary {
  const canary = new Canary(SETTINGS, nowMs);
  canary.linkUp(nowMs);
  return canary;
}

test('without a link none is sent; with it one at once, then at the interval', () => {
  const canary = new Canary(SETTINGS, 0);
  assert.equal(canary.sendAtMs(NEVER), NEVER);
  canary.linkUp(100);
  assert.ok(canary.sendAtMs(NEVER) <= 100);
  canary.sent(100, 0);
  assert.equal(canary.sendAtMs(NEVER), 5100);
  canary.linkLost();
  assert.equal(canary.sendAtMs(100), NEVER);
});

test('who waits to be judged has one sent after his deadline, and not more often than the spacing', () => {
  const canary = linked();
  canary.sent(1000, 1000);
  assert.equal(canary.sendAtMs(1200), 1200);
  assert.equal(canary.sendAtMs(1010), 1000 + CANARY_SPACING_MS);
  // One that was sent after the deadline is under way: no further one is needed.
  assert.equal(canary.sendAtMs(1000), 6000);
});

test('one that comes back promptly proves what was heard when it was sent, and no later moment', () => {
  const canary = linked();
  const first = canary.sent(1000, 400);
  const second = canary.sent(1500, 900);
  assert.deepEqual(canary.heard(first, 2500), { sentMs: 1000, prompt: true });
  assert.equal(canary.provenAttentiveMs, 400);
  canary.heard(second, 2600);
  assert.equal(canary.provenAttentiveMs, 900);
});

test('a later one that comes back excuses those before it, which then prove nothing', () => {
  const canary = linked();
  const lost = canary.sent(1000, 1000);
  canary.heard(canary.sent(1500, 1500), 1510);
  assert.equal(canary.missingAtMs(), NEVER);
  assert.equal(canary.heard(lost, 1520), null);
  assert.equal(canary.provenAttentiveMs, 1500);
});

test('missing at the second look after the timeout; tried again soon until one comes back', () => {
  const canary = linked();
  canary.sent(1000, 1000);
  assert.equal(canary.isMissing(3000), false);
  assert.equal(canary.isMissing(canary.missingAtMs()), false);
  assert.equal(canary.isMissing(3050), false);
  assert.equal(canary.isMissing(canary.missingAtMs()), true);
  assert.equal(canary.missingAtMs(), NEVER);
  const again = canary.sent(3200, 1000);
  assert.equal(canary.sendAtMs(NEVER), 3700);
  assert.deepEqual(canary.heard(again, 3210), { sentMs: 3200, prompt: true });
  assert.equal(canary.sendAtMs(NEVER), 8200);
});

test('one that comes back between the two looks, but late, proves nothing', () => {
  const canary = linked();
  const late = canary.sent(1000, 1000);
  canary.isMissing(3010);
  assert.deepEqual(canary.heard(late, 3020), { sentMs: 1000, prompt: false });
  assert.equal(canary.provenAttentiveMs, 0);
});

test('what was sent before a restart of its own proves nothing and is not missed', () => {
  const canary = linked();
  const before = canary.sent(1000, 1000);
  canary.restart(1200);
  assert.equal(canary.missingAtMs(), NEVER);
  assert.equal(canary.heard(before, 1300), null);
  assert.ok(canary.sendAtMs(NEVER) <= 1200);
});

test('while one is missing, however long, only those that can still be prompt are kept', () => {
  const canary = linked();
  canary.sent(0, 0);
  canary.missed();
  const first = canary.sent(500, 0);
  for (let ms = 1000; ms < 60_000; ms += 500) canary.sent(ms, 0);
  assert.equal(canary.heard(first, 60_000), null);
});
