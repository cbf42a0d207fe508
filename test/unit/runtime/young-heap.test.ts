import assert from 'node:assert/strict';
import { test } from 'node:test';
import { getHeapSpaceStatistics } from 'node:v8';
import { keepYoungHeapSmall } from '../../../runtime/young-heap.ts';

const youngBytes = (): number =>
  getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_size ?? 0;

test('a burst of objects that live for a while does not let the young generation grow', () => {
  keepYoungHeapSmall();
  const before = youngBytes();
  let held: object[] = [];
  for (let n = 0; n < 2_000_000; n += 1) {
    if (held.length === 100_000) held = [];
    held.push({ n, text: `${n}` });
  }
  assert.ok(youngBytes() <= before, `${before} -> ${youngBytes()}`);
});
