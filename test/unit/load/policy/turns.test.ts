import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Fleet, Turns } from '../../../../load/policy/turns.ts';

const FLEET: Fleet = { devices: 1000, intervalMs: 50_000, churnPerMinute: 0, vitalsEvery: 10, seed: 1 };

describe('whose turn it is', () => {
  it('meets every device once in each round, an interval apart', () => {
    for (const devices of [1, 2, 3, 10, 999, 1000, 46_368]) {
      const turns = new Turns({ ...FLEET, devices });
      const lastTurn = new Map<number, number>();
      for (let turn = 0; turn < 2 * devices; turn += 1) {
        const device = turns.deviceAt(turn);
        assert.ok(device >= 0 && device < devices, `${device} of ${devices}`);
        const before = lastTurn.get(device);
        if (before !== undefined) assert.equal(turn - before, devices, `device ${device} of ${devices}`);
        lastTurn.set(device, turn);
      }
      assert.equal(lastTurn.size, devices);
    }
  });

  it('spreads the turns evenly, and never before their time', () => {
    const turns = new Turns(FLEET);
    assert.equal(turns.dueAt(0), 0);
    assert.equal(turns.dueAt(49.9), 0);
    assert.equal(turns.dueAt(50), 1);
    assert.equal(turns.dueAt(50_000), 1000);
    for (const turn of [0, 7, 999, 1000]) {
      assert.equal(turns.dueAt(turns.dueMs(turn)), turn + 1);
      assert.equal(turns.dueAt(turns.dueMs(turn) - 1), turn);
    }
  });

  it('does not put neighbours next to each other', () => {
    const turns = new Turns(FLEET);
    for (let turn = 1; turn < 1000; turn += 1) {
      assert.ok(Math.abs(turns.deviceAt(turn) - turns.deviceAt(turn - 1)) > 100);
    }
  });
});

describe('what a device says', () => {
  const acts = (fleet: Fleet, rounds: number): Record<string, number> => {
    const turns = new Turns(fleet);
    const found: Record<string, number> = {};
    for (let turn = 0; turn < rounds * fleet.devices; turn += 1) {
      const act = turns.actAt(turn, turn >= fleet.devices);
      found[act] = (found[act] ?? 0) + 1;
    }
    return found;
  };

  it('greets when it has not spoken on its connection, and brings vitals with one probe in so many', () => {
    assert.deepEqual(acts(FLEET, 11), { greet: 1000, vitals: 1000, probe: 9000 });
    assert.deepEqual(acts({ ...FLEET, vitalsEvery: 0 }, 3), { greet: 1000, probe: 2000 });
  });

  it('reconnects as often as the churn says, the same devices for the same seed', () => {
    const churning = { ...FLEET, devices: 10_000, churnPerMinute: 0.12 };
    // 12 % a minute are 10 % in 50 s: 30,000 of three rounds, give or take five standard deviations.
    const reconnects = acts(churning, 4).reconnect ?? 0;
    assert.ok(Math.abs(reconnects - 3000) < 5 * Math.sqrt(3000 * 0.9), String(reconnects));
    assert.deepEqual(acts(churning, 4), acts(churning, 4));
    assert.notEqual(acts({ ...churning, seed: 2 }, 4).reconnect, reconnects);
    assert.deepEqual(acts({ ...churning, churnPerMinute: 1, intervalMs: 120_000 }, 2), {
      greet: 10_000,
      reconnect: 10_000,
    });
  });
});
