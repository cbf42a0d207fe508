import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TextPool } from '../../../../monitor/policy/text-pool.ts';

test('users of the same text share its number, and the last one gives it back', () => {
  const pool = new TextPool();
  const first = pool.take('learned');
  assert.equal(pool.take('learned'), first);
  assert.equal(pool.text(first), 'learned');
  pool.release(first);
  assert.equal(pool.text(first), 'learned');
  pool.release(first);
  assert.equal(pool.size, 1);
  assert.equal(pool.take('fixed'), first);
  assert.equal(pool.text(first), 'fixed');
});

test('ten thousand different reasons of one device leave nothing behind', () => {
  const pool = new TextPool();
  let held = pool.take('reason 0');
  for (let n = 1; n < 10_000; n += 1) {
    const next = pool.take(`reason ${n}`);
    pool.release(held);
    held = next;
  }
  assert.equal(pool.size, 2);
  assert.ok(held < 3);
});

test('the empty text is always there and never given back', () => {
  const pool = new TextPool();
  assert.equal(pool.take(''), 0);
  pool.release(0);
  assert.equal(pool.text(0), '');
});
