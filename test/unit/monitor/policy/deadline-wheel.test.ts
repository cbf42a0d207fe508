import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DeadlineWheel, SLOT_MS } from '../../../../monitor/policy/deadline-wheel.ts';

/** A wheel over a plain array of deadlines that says who fired when. */
function bench(nowMs = 0) {
  const wheel = new DeadlineWheel(nowMs);
  const deadlines: number[] = [];
  const fired: { index: number; atMs: number }[] = [];
  let asked = 0;
  return {
    wheel,
    deadlines,
    fired,
    asked: () => asked,
    file(index: number, deadlineMs: number) {
      deadlines[index] = deadlineMs;
      wheel.file(index, deadlineMs);
    },
    advance(atMs: number, most?: number) {
      wheel.advance(
        atMs,
        (index) => {
          asked += 1;
          return deadlines[index] as number;
        },
        (index) => fired.push({ index, atMs }),
        most,
      );
    },
    /** As the shell does: wakes at `nextDueMs` until `untilMs`. */
    run(untilMs: number) {
      for (let at = wheel.nextDueMs(); at <= untilMs; at = wheel.nextDueMs()) this.advance(at);
    },
  };
}

test('an empty wheel has nothing due', () => {
  const b = bench();
  assert.equal(b.wheel.nextDueMs(), Number.POSITIVE_INFINITY);
  b.advance(1e9);
  assert.deepEqual(b.fired, []);
});

test('deadlines from one slot to the longest possible fire within a slot, never early', () => {
  const longest = 65_535 * 100 * 1000 + 60_000;
  const deadlines = [
    1,
    SLOT_MS,
    SLOT_MS + 1,
    31_999.5,
    32_768,
    32_769,
    8_388_608,
    8_400_000,
    2_147_483_648,
    longest,
  ];
  for (const startMs of [0, 12_345.678, 32_767, 8_388_607, 2_147_483_647]) {
    const b = bench(startMs);
    for (const [index, after] of deadlines.entries()) b.file(index, startMs + after);
    b.run(startMs + longest + SLOT_MS);
    assert.equal(b.fired.length, deadlines.length);
    for (const { index, atMs } of b.fired) {
      const lateMs = atMs - (b.deadlines[index] as number);
      assert.ok(
        lateMs >= 0 && lateMs < SLOT_MS,
        `start ${startMs}, deadline ${b.deadlines[index]}: ${lateMs} ms late`,
      );
    }
  }
});

test('a touched device is asked once its slot comes due and is filed for its new deadline', () => {
  const b = bench();
  b.file(0, 10_000);
  b.deadlines[0] = 40_000;
  b.run(39_999);
  assert.deepEqual(b.fired, []);
  b.run(41_000);
  assert.deepEqual(b.fired, [{ index: 0, atMs: 40_064 }]);
});

test('a thousand touches within an interval cost the wheel one look', () => {
  const b = bench();
  b.file(0, 10_000);
  for (let touch = 1; touch <= 1000; touch += 1) b.file(0, 10_000 + touch);
  b.run(10_900);
  assert.equal(b.asked(), 1);
});

test('a deadline that moved earlier fires in time, once', () => {
  const b = bench();
  b.file(0, 3_600_000);
  b.file(0, 5_000);
  b.run(7_200_000);
  assert.deepEqual(b.fired, [{ index: 0, atMs: 5_120 }]);
});

test('a removed device never fires, and removing it again is harmless', () => {
  const b = bench();
  b.file(0, 5_000);
  b.file(1, 5_000);
  b.file(2, 5_000);
  b.wheel.remove(1);
  b.wheel.remove(1);
  b.wheel.remove(99);
  b.run(60_000);
  assert.deepEqual(b.fired.map(({ index }) => index).sort(), [0, 2]);
});

test('a deadline in the past comes due with the next slot', () => {
  const b = bench();
  b.advance(100_000);
  b.file(0, 50_000);
  assert.ok(b.wheel.nextDueMs() <= 100_000 + SLOT_MS);
  b.run(200_000);
  assert.equal(b.fired.length, 1);
});

test('one late call fires everything that lapsed meanwhile and looks at nobody else twice', () => {
  const b = bench();
  for (let index = 0; index < 5000; index += 1) b.file(index, index * 100);
  b.advance(250_000);
  assert.equal(b.fired.length, 2501);
  assert.ok(b.asked() <= 5000);
});

test('cut into slices, a burst fires whole, and what was touched meanwhile does not', () => {
  // 33,280 ms is where slots of the second level are emptied too.
  for (const lapseMs of [10_000, 32_768, 33_280, 8_388_608]) {
    const b = bench();
    for (let index = 0; index < 1000; index += 1) b.file(index, lapseMs - (index % 7) * 128);
    for (let index = 1000; index < 1100; index += 1) b.file(index, lapseMs + 60_000);
    let calls = 0;
    for (; b.wheel.nextDueMs() <= lapseMs + 200; calls += 1) {
      const before = b.asked();
      b.advance(lapseMs + 200, 64);
      assert.ok(b.asked() - before <= 2 * 64);
      if (calls === 3) b.deadlines[0] = lapseMs + 90_000;
      if (calls === 4) b.file(1100, lapseMs - 5);
    }
    assert.ok(calls >= 1000 / 64, `${calls}`);
    b.run(lapseMs + 200);
    const inTime = b.fired.map(({ index }) => index).sort((x, y) => x - y);
    const isEarly = b.fired.some(({ index, atMs }) => (b.deadlines[index] as number) > atMs);
    assert.equal(isEarly, false);
    assert.equal(new Set(inTime).size, inTime.length);
    assert.ok(inTime.length === 1001 || (inTime.length === 1000 && !inTime.includes(0)), `${inTime.length}`);
    b.run(lapseMs + 100_000);
    assert.equal(new Set(b.fired.map(({ index }) => index)).size, 1101);
  }
});

test('nobody who is due waits for those that a slot of a higher level holds', () => {
  const wheel = new DeadlineWheel(0);
  const deadlines = Array.from({ length: 200_000 }, (_, index) => 40_000 + ((index * 7919) % 100_000));
  for (const [index, deadlineMs] of deadlines.entries()) wheel.file(index, deadlineMs);
  let worstMs = 0;
  let nowMs = 0;
  // One look takes a microsecond, and a timer a millisecond.
  for (let looks = 0; wheel.nextDueMs() <= 140_000; nowMs += 1 + looks / 1000) {
    nowMs = Math.max(nowMs, wheel.nextDueMs());
    looks = 0;
    wheel.advance(
      nowMs,
      (index) => {
        looks += 1;
        return deadlines[index] as number;
      },
      (index) => {
        worstMs = Math.max(worstMs, nowMs - (deadlines[index] as number));
      },
      500,
    );
    assert.ok(looks <= 1000, `${looks} looks in one go`);
  }
  assert.ok(worstMs > 0 && worstMs < SLOT_MS + 8, `${worstMs} ms late`);
});

test('a device that fires may be filed again from within', () => {
  const wheel = new DeadlineWheel(0);
  const fired: number[] = [];
  let deadlineMs = 1000;
  wheel.file(0, deadlineMs);
  for (let at = wheel.nextDueMs(); at <= 5000; at = wheel.nextDueMs()) {
    wheel.advance(
      at,
      () => deadlineMs,
      (index) => {
        fired.push(at);
        deadlineMs += 1000;
        wheel.file(index, deadlineMs);
      },
    );
  }
  assert.deepEqual(fired, [1024, 2048, 3072, 4096]);
});

test('against a plain scan: the same devices fire, each within a slot of its deadline', () => {
  const operation = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('file' as const),
        index: fc.nat(20),
        afterMs: fc.nat(9_000_000),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('touch' as const),
        index: fc.nat(20),
        afterMs: fc.nat(90_000),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('remove' as const),
        index: fc.nat(20),
        afterMs: fc.constant(0),
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('wait' as const),
        index: fc.constant(0),
        afterMs: fc.oneof(fc.nat(300), fc.nat(40_000), fc.nat(9_000_000)),
      }),
    },
  );
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 60 }), fc.nat(10_000_000), (operations, startMs) => {
      const b = bench(startMs);
      const filed = new Set<number>();
      let nowMs = startMs;
      for (const { kind, index, afterMs } of operations) {
        if (kind === 'file') {
          b.file(index, nowMs + afterMs);
          filed.add(index);
        } else if (kind === 'touch' && filed.has(index)) {
          b.deadlines[index] = (b.deadlines[index] as number) + afterMs;
        } else if (kind === 'remove') {
          b.wheel.remove(index);
          filed.delete(index);
        } else if (kind === 'wait') {
          const before = b.fired.length;
          const wokenFrom = nowMs;
          nowMs += afterMs;
          b.run(nowMs);
          for (const { index: who, atMs } of b.fired.slice(before)) {
            const deadlineMs = b.deadlines[who] as number;
            assert.ok(filed.delete(who), 'fired without being filed, or twice');
            assert.ok(atMs >= deadlineMs, 'early');
            assert.ok(atMs <= Math.max(deadlineMs, wokenFrom) + SLOT_MS, 'late');
          }
          for (const who of filed) assert.ok((b.deadlines[who] as number) > nowMs - SLOT_MS, 'missed');
        }
      }
    }),
    { numRuns: 500 },
  );
});
