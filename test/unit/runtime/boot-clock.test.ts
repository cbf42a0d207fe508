import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { createBootClock } from '../../../runtime/boot-clock.ts';

describe('createBootClock', () => {
  let proc: string;
  /** Shown by the kernel: seconds since boot, suspend included. */
  const uptime = (seconds: number): void =>
    writeFileSync(join(proc, 'uptime'), `${seconds.toFixed(2)} ${(seconds * 2).toFixed(2)}\n`);
  let awake: number;
  beforeEach(() => {
    proc = mkdtempSync(join(tmpdir(), 'khd-proc-'));
    awake = 5_000_000;
  });
  afterEach(() => {
    rmSync(proc, { recursive: true, force: true });
  });

  it('counts from its start, in milliseconds', () => {
    uptime(1000);
    const clock = createBootClock(proc, () => awake);
    assert.equal(clock.now(), 0);
    awake += 1234.5;
    uptime(1001.23);
    assert.equal(clock.now(), 1234.5);
  });

  it('counts suspend, which the monotonic clock does not', () => {
    uptime(1000);
    const clock = createBootClock(proc, () => awake);
    awake += 10_000;
    uptime(1010 + 3600);
    assert.equal(clock.now(), 10_000 + 3_600_000);
    assert.equal(clock.suspendedMs(), 3_600_000);
    awake += 5000;
    uptime(1015 + 3600 + 60);
    assert.equal(clock.now(), 15_000 + 3_660_000);
  });

  it('takes the coarse steps of the kernel’s file for rounding, not for sleep', () => {
    uptime(1000);
    const clock = createBootClock(proc, () => awake);
    let before = clock.now();
    for (let step = 1; step <= 1000; step += 1) {
      awake += 3.3;
      uptime(1000 + Math.round(step * 0.33) / 100);
      const now = clock.now();
      assert.ok(Math.abs(now - step * 3.3) < 0.001, `${now} after ${step * 3.3}`);
      assert.ok(now > before);
      before = now;
    }
  });

  it('never goes back, whatever the file says', () => {
    uptime(1000);
    const clock = createBootClock(proc, () => awake);
    awake += 1000;
    uptime(2000);
    const before = clock.now();
    for (const content of ['1000.00 0.00\n', '', 'soon\n', '-5 1\n']) {
      writeFileSync(join(proc, 'uptime'), content);
      awake += 1;
      assert.ok(clock.now() >= before, content);
    }
  });

  it('counts waking time where there is no such file, now or later', () => {
    const clock = createBootClock(proc, () => awake);
    awake += 7000;
    uptime(9_999_999);
    assert.equal(clock.now(), 7000);
    const other = createBootClock(proc, () => awake);
    rmSync(join(proc, 'uptime'));
    awake += 100;
    assert.equal(other.now(), 100);
  });
});
