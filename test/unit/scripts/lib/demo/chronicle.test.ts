import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Chronicle, observe, type Sight } from '../../../../../scripts/lib/demo/chronicle.ts';
import { path, row, sight } from './fixtures.ts';

const IDLE = new Map([['pump', 5.5]]);

function after(...sights: Sight[]) {
  let chronicle: Chronicle = new Map();
  const news: string[] = [];
  for (const one of sights) {
    const look = observe(chronicle, [one], IDLE);
    chronicle = look.chronicle;
    news.push(...look.news);
  }
  const pump = chronicle.get('pump');
  assert.ok(pump !== undefined);
  return { pump, news };
}

const heard = (lastHeardMs: number, intervalSeconds = 4, change = {}): Sight =>
  sight({ row: row({ lastHeardMs, intervalSeconds }), path: path(change) });

test('each new probe below what the path forgets counts once', () => {
  const { pump } = after(heard(1000), heard(1000), heard(5000), heard(5000), heard(9000));
  assert.equal(pump.safeProbes, 2);
  assert.equal(pump.drops, 0);
});

test('a promise above what the path forgets starts the count anew', () => {
  assert.equal(after(heard(1000), heard(5000), heard(9000, 7)).pump.safeProbes, 0);
  assert.equal(after(heard(1000), heard(5000), heard(9000, 7), heard(14_000, 5)).pump.safeProbes, 1);
});

test('a drop starts the count anew, and nothing counts before a new connection', () => {
  const gone = { forgotten: 1, lastForgottenMs: 6000, lastOpenedMs: 0 };
  const back = { ...gone, lastOpenedMs: 8000, opened: 2 };
  const down = after(heard(1000), heard(5000), heard(5000, 4, gone), heard(9000, 4, gone));
  assert.deepEqual([down.pump.drops, down.pump.isBack, down.pump.safeProbes], [1, false, 0]);
  const up = after(
    heard(1000),
    heard(5000, 4, gone),
    heard(8001, 4, back),
    heard(12_001, 4, back),
    heard(16_001, 4, back),
  );
  assert.deepEqual([up.pump.drops, up.pump.isBack, up.pump.safeProbes], [1, true, 2]);
});

test('the longest interval is remembered', () => {
  assert.equal(after(heard(1, 3), heard(2, 7), heard(3, 4)).pump.longestIntervalSeconds, 7);
});

test('news: first seen, interval, state, drop; nothing when nothing changed', () => {
  const { news } = after(
    sight({ row: null }),
    heard(1000, 2),
    heard(1000, 2),
    heard(3000, 3),
    sight({
      row: row({ state: 'late', intervalSeconds: 3 }),
      path: path({ forgotten: 1, lastForgottenMs: 1 }),
    }),
  );
  assert.deepEqual(news, [
    'pump: alive, promises a probe every 2 s',
    'pump: interval 2 s -> 3 s',
    'pump: the path forgot its idle connection, and told nobody',
    'pump: alive -> late',
  ]);
});

test('a reason is told with the interval that it came with, and remembered with that', () => {
  const because = (intervalSeconds: number, reason: string): Sight =>
    sight({ row: row({ intervalSeconds, reason }) });
  const told = [because(2, 'new here'), because(8, 'growing: 8 s')];
  assert.deepEqual(after(...told).news.slice(1), ['pump: interval 2 s -> 8 s (growing: 8 s)']);
  assert.equal(after(...told).pump.explainedSeconds, 8);
  const { news, pump } = after(...told, because(9, 'growing: 8 s'), because(9, 'growing: 8 s'));
  assert.deepEqual(news.slice(2), ['pump: interval 8 s -> 9 s']);
  assert.equal(pump.explainedSeconds, 8, 'a probe promised more; why, no status has said');
});
