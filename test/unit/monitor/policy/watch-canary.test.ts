/** Nobody is declared dead whom the monitor may merely not have heard. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeviceRecord } from '../../../../monitor/policy/device.ts';
import { Watch } from '../../../../monitor/policy/watch.ts';
import { at, probe, record, SETTINGS, status, told } from './fixtures.ts';

const CANARY = { intervalSeconds: 1, timeoutSeconds: 1 };
const ROUND_TRIP_SECONDS = 0.02;

/** The shell around a watch: its timer, and a broker that returns canaries, or not. */
class Shell {
  readonly watch: Watch;
  readonly told: string[] = [];
  readonly sentAt: number[] = [];
  seconds = 0;
  mute = false;
  roundTripSeconds = ROUND_TRIP_SECONDS;
  #flights: { sequence: number; arrives: number }[] = [];

  constructor(devices: Iterable<DeviceRecord> = [], settings = SETTINGS) {
    this.watch = new Watch({ ...settings, canary: CANARY }, devices, [], at(0));
    this.watch.trust('link-lost', at(0));
  }

  take(step: ReturnType<Watch['advance']>): void {
    for (const text of told(step)) this.told.push(`${this.seconds.toFixed(2)} ${text}`);
  }

  passTo(until: number): void {
    for (;;) {
      const wakeMs = this.watch.wakeAtMs(at(this.seconds)) ?? Number.POSITIVE_INFINITY;
      // The real shell looks at least once a second.
      const wake = Math.min(this.seconds + 1, Math.max(this.seconds + 0.001, wakeMs / 1000 - 1000));
      const arrives = this.mute
        ? Number.POSITIVE_INFINITY
        : (this.#flights[0]?.arrives ?? Number.POSITIVE_INFINITY);
      const next = Math.max(this.seconds, Math.min(wake, arrives));
      if (next > until) break;
      this.seconds = next;
      if (arrives <= next) {
        const [flight] = this.#flights.splice(0, 1);
        this.take(this.watch.canaryHeard(flight?.sequence ?? 0, at(next)));
      } else {
        this.take(this.watch.advance(at(next)));
        const sequence = this.watch.takeCanary(at(next));
        if (sequence === null) continue;
        this.sentAt.push(next);
        this.#flights.push({ sequence, arrives: next + this.roundTripSeconds });
      }
    }
    this.seconds = until;
  }
}

test('the start is in doubt until a canary has come back', () => {
  const shell = new Shell();
  shell.roundTripSeconds = 0.5;
  shell.passTo(0.4);
  assert.deepEqual(shell.watch.doubts, ['starting']);
  shell.passTo(0.6);
  assert.deepEqual(shell.watch.doubts, []);
});

test('a death is declared one round trip after its deadline, on the word of a canary sent after it', () => {
  const shell = new Shell();
  shell.watch.probeHeard('a', probe(), at(0));
  shell.passTo(100);
  const [late, dead] = shell.told;
  assert.match(late ?? '', /a alive>late promise-lapsed$/);
  assert.match(dead ?? '', /a late>dead timeout-lapsed$/);
  const flagged = Number.parseFloat(dead ?? '');
  assert.ok(flagged >= 92 && flagged <= 92 + 0.128 + 2 * ROUND_TRIP_SECONDS, `${flagged}`);
  assert.ok(shell.sentAt.some((sent) => sent >= 92 && sent <= flagged - ROUND_TRIP_SECONDS + 0.01));
});

test('an idle monitor sends one an interval', () => {
  const shell = new Shell();
  shell.passTo(60);
  assert.ok(shell.sentAt.length <= 61, `${shell.sentAt.length} canaries in a minute`);
});

test('a mute broker kills nobody, however long; the silence goes on where it stopped', () => {
  const shell = new Shell();
  shell.watch.probeHeard('a', probe(), at(0));
  shell.passTo(20);
  shell.mute = true;
  shell.passTo(10_000);
  assert.deepEqual(shell.watch.doubts, ['canary-missing']);
  assert.equal(shell.told.join(), '');
  shell.mute = false;
  shell.passTo(10_011);
  assert.deepEqual(shell.watch.doubts, []);
  assert.equal(shell.told.join(), '');
  shell.passTo(10_100);
  assert.deepEqual(
    shell.told.map((text) => text.replace(/\.\d+/, '')),
    ['10013 a alive>late promise-lapsed', '10073 a late>dead timeout-lapsed'],
  );
});

test('who may have spoken into a mute broker gets one more promise, and time to come back', () => {
  const shell = new Shell([], { ...SETTINGS, count: 1, reconnectSeconds: 50 });
  shell.watch.probeHeard('a', probe(), at(0));
  shell.passTo(25);
  shell.mute = true;
  shell.passTo(45);
  shell.mute = false;
  shell.passTo(45 + 2 * 20 + 30);
  assert.deepEqual(shell.told, []);
  shell.passTo(200);
  const flagged = Number.parseFloat(shell.told[0] ?? '');
  // At most reconnect_allowance, one promise and grace after the broker spoke again.
  assert.ok(flagged > 115 && flagged < 45 + 50 + 32 + 2, `${flagged}`);
});

test('a broker that falls mute just before a deadline is found out before the deadline is judged', () => {
  for (let muted = 88; muted < 93; muted += 0.1) {
    const shell = new Shell();
    shell.watch.probeHeard('a', probe(), at(0));
    shell.passTo(muted);
    shell.mute = true;
    shell.passTo(200);
    const isDead = shell.watch.record('a')?.state === 'dead';
    // Judged only on a canary that came back, so sent after 92 s while the broker still spoke.
    if (isDead) assert.ok(muted > 92);
    else assert.deepEqual(shell.watch.doubts, ['canary-missing']);
  }
});

test('a canary that takes longer than its timeout is doubt too', () => {
  const shell = new Shell();
  shell.watch.probeHeard('a', probe(10), at(0));
  shell.passTo(5);
  shell.roundTripSeconds = 1.05;
  shell.passTo(500);
  assert.deepEqual(shell.told, []);
  assert.ok(shell.watch.doubtMs(at(500)) > 400_000);
});

test('a lost link and a missing canary end together when both are back', () => {
  const shell = new Shell();
  shell.watch.probeHeard('a', probe(), at(0));
  shell.passTo(10);
  shell.mute = true;
  shell.passTo(15);
  shell.watch.doubt('link-lost', at(15));
  shell.passTo(100);
  assert.deepEqual(shell.watch.doubts, ['canary-missing', 'link-lost']);
  shell.watch.trust('link-lost', at(100));
  assert.deepEqual(shell.watch.doubts, ['canary-missing']);
  shell.mute = false;
  shell.passTo(102);
  assert.deepEqual(shell.watch.doubts, []);
  shell.passTo(130);
  assert.deepEqual(shell.told, []);
});

test('after the machine slept, or its clock leapt, nobody is judged before a fresh canary is back', () => {
  for (const suspendedMs of [60_000, 0]) {
    const shell = new Shell();
    shell.watch.probeHeard('a', probe(), at(0));
    shell.passTo(91.9);
    const woken = { ...at(91.9), wallMs: at(91.9).wallMs + 60_000 };
    shell.watch.clocksRead(woken, suspendedMs);
    assert.deepEqual(shell.watch.doubts, [suspendedMs > 0 ? 'suspended' : 'clock-jumped']);
    shell.passTo(92.5);
    assert.deepEqual(shell.watch.doubts, []);
    shell.passTo(120);
    assert.equal(shell.watch.record('a')?.state, 'late');
    shell.passTo(125);
    // One promise + grace after it woke: what was said meanwhile is lost.
    assert.equal(shell.watch.record('a')?.state, 'dead');
  }
});

test('a wall clock that is set back neither kills nor reprieves', () => {
  const shell = new Shell();
  shell.watch.probeHeard('a', probe(), at(0));
  shell.passTo(80);
  shell.watch.clocksRead({ ...at(80), wallMs: at(80).wallMs - 86_400_000 }, 0);
  shell.passTo(91);
  assert.equal(shell.watch.record('a')?.state, 'late');
  shell.passTo(93);
  assert.equal(shell.watch.record('a')?.state, 'dead');
});

test('without canaries a leap of the clocks is over after a second', () => {
  const watch = new Watch(SETTINGS, [record()], [], at(0));
  watch.trust('link-lost', at(0));
  watch.clocksRead({ ...at(10), wallMs: at(700).wallMs }, 690_000);
  assert.deepEqual(watch.doubts, ['suspended']);
  watch.advance(at(10.5));
  assert.deepEqual(watch.doubts, ['suspended']);
  watch.advance(at(11));
  assert.deepEqual(watch.doubts, []);
});

test('time in doubt is counted once, whatever the reasons', () => {
  const watch = new Watch(SETTINGS, [], [], at(0));
  watch.trust('link-lost', at(10));
  watch.doubt('store-failing', at(20));
  watch.doubt('link-lost', at(25));
  watch.trust('store-failing', at(30));
  watch.trust('link-lost', at(40));
  watch.statusHeard('a', status(), false, at(50));
  assert.equal(watch.doubtMs(at(50)), 30_000);
  watch.doubt('link-lost', at(55));
  assert.equal(watch.doubtMs(at(60)), 35_000);
});
