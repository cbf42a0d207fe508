import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Reach } from '../../../../bench/world/reach.ts';

test('what overlaps counts once, and nothing counts beyond the end', () => {
  const reach = new Reach();
  reach.linkUp(1);
  reach.wasDeaf(10, 30);
  reach.died(20, true);
  reach.linkDown(40);
  reach.linkUp(50);
  reach.linkDown(90);
  assert.equal(reach.unreachableSeconds(100), 40 + 10);
  assert.equal(reach.unreachableSeconds(95), 40 + 5);
  assert.equal(reach.drops, 1);
  assert.ok(reach.wasUnreachable(45) && reach.wasUnreachable(99) && !reach.wasUnreachable(60));
});

test('only a loss that was no expiry counts as noticed', () => {
  const reach = new Reach();
  reach.died(20, true);
  reach.linkDown(40);
  reach.linkUp(41);
  reach.died(100, false);
  reach.linkDown(130);
  reach.linkUp(131);
  reach.linkDown(200);
  assert.deepEqual(reach.noticedSeconds, [30]);
});
