import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Heartbeat } from '../../../../monitor/io/heartbeat.ts';

function heartbeat(watchdogMs: number | null, doubts: readonly string[] = []) {
  const told: string[] = [];
  const counts = { alive: 9, late: 2, dead: 1, left: 0, unknown: 3 };
  const manager = { watchdogMs, notify: (text: string) => told.push(text) };
  return { told, beat: new Heartbeat(manager, { counts: () => counts, doubts: () => doubts }) };
}
const at = (monotonicMs: number) => ({ monotonicMs, wallMs: 0 });

test('a judging monitor never lets the watchdog lapse, and tells it no more often than it must', () => {
  const { told, beat } = heartbeat(60_000);
  for (let second = 0; second <= 600; second += 1) beat.judged(at(second * 1000));
  assert.equal(told.length, 31);
  assert.ok(told.every((text) => text.startsWith('WATCHDOG=1\n')));
});

test('without a watchdog, rounds are not told', () => {
  const { told, beat } = heartbeat(null);
  beat.judged(at(0));
  assert.deepEqual(told, []);
});

test('the status tells the fleet, and why nobody is declared dead', () => {
  const { told, beat } = heartbeat(null, ['link-lost']);
  beat.ready();
  beat.stopping();
  assert.equal(
    told[0],
    'READY=1\nSTATUS=9 alive, 2 late, 1 dead, 0 left, 3 unknown; nobody is declared dead: link-lost',
  );
  assert.match(told[1] ?? '', /^STOPPING=1\n/);
});
