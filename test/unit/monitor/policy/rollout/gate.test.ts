import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  binomialTail,
  type Control,
  judgeWave,
  type Tally,
} from '../../../../../monitor/policy/rollout/gate.ts';

const tally = (devices: number, change: Partial<Tally> = {}): Tally => ({
  ...{ devices, rolledBack: 0, refused: 0, lapsed: 0, silent: 0 },
  ...change,
});
const calm: Control = { devices: 900, lapsed: 0 };
const kindOf = (wave: Tally, control = calm, networks = new Map<string, Tally>()): string | null =>
  judgeWave(wave, networks, control)?.kind ?? null;

describe('binomialTail', () => {
  it('is what the sum of all terms is', () => {
    const exact = (hits: number, trials: number, rate: number): number => {
      let sum = 0;
      for (let k = hits; k <= trials; k++) {
        let ways = 1;
        for (let at = 0; at < k; at++) ways *= (trials - at) / (k - at);
        sum += ways * rate ** k * (1 - rate) ** (trials - k);
      }
      return sum;
    };
    for (const trials of [1, 2, 10, 50])
      for (const rate of [0.0005, 0.02, 0.3])
        for (let hits = 0; hits <= trials; hits++) {
          const [seen, wanted] = [binomialTail(hits, trials, rate), exact(hits, trials, rate)];
          assert.ok(
            Math.abs(seen - wanted) <= 1e-9 * wanted + 1e-300,
            `${hits} of ${trials} at ${rate}: ${seen}, ${wanted}`,
          );
        }
  });

  it('holds for a million devices', () => {
    assert.ok(Math.abs(binomialTail(5000, 1_000_000, 0.005) - 0.5) < 0.01);
    assert.ok(binomialTail(6000, 1_000_000, 0.005) < 1e-30);
    assert.equal(binomialTail(2, 1, 0.5), 0);
  });
});

describe('judgeWave', () => {
  it('halts at any failure of the first device', () => {
    for (const change of [{ rolledBack: 1 }, { refused: 1 }, { lapsed: 1 }])
      assert.notEqual(kindOf(tally(1, change)), null, JSON.stringify(change));
    assert.equal(kindOf(tally(1)), null);
  });

  it('lets a large wave have its few accidents, and not many', () => {
    assert.equal(kindOf(tally(50, { rolledBack: 2 })), null);
    assert.equal(kindOf(tally(50, { rolledBack: 3 })), 'rollbacks');
    assert.equal(kindOf(tally(50, { rolledBack: 2, refused: 1 })), 'rollbacks');
    assert.equal(kindOf(tally(1000, { rolledBack: 8 })), null);
    assert.equal(kindOf(tally(1000, { rolledBack: 15 })), 'rollbacks');
  });

  it('holds lapses against those of the rest of the fleet', () => {
    assert.equal(kindOf(tally(50, { lapsed: 2 })), null);
    assert.equal(kindOf(tally(50, { lapsed: 3 })), 'lapses');
    assert.equal(kindOf(tally(50, { lapsed: 2 }), { devices: 900, lapsed: 30 }), null);
    assert.equal(kindOf(tally(50, { lapsed: 12 }), { devices: 900, lapsed: 30 }), 'lapses');
    // No fleet excuses that half a wave is dead.
    assert.equal(kindOf(tally(50, { lapsed: 25 }), { devices: 900, lapsed: 450 }), 'lapses');
    assert.equal(kindOf(tally(50, { lapsed: 25 }), { devices: 0, lapsed: 0 }), 'lapses');
    // A small rest of the fleet, in which nobody happened to lapse, tells little.
    assert.equal(kindOf(tally(750, { lapsed: 7 }), { devices: 250, lapsed: 0 }), null);
    assert.equal(kindOf(tally(750, { lapsed: 30 }), { devices: 250, lapsed: 0 }), 'lapses');
    // The first device is worth a halt, however small the fleet.
    assert.equal(kindOf(tally(1, { lapsed: 1 }), { devices: 5, lapsed: 0 }), 'lapses');
    assert.equal(kindOf(tally(1, { lapsed: 1 }), { devices: 5, lapsed: 3 }), null);
    assert.equal(kindOf(tally(1, { lapsed: 1 }), { devices: 0, lapsed: 0 }), 'lapses');
  });

  it('finds the one network that suffers, which the whole wave would hide', () => {
    const networks = new Map([
      ['a', tally(8, { rolledBack: 2 })],
      ['b', tally(42)],
    ]);
    assert.equal(kindOf(tally(50, { rolledBack: 2 })), null);
    const halt = judgeWave(tally(50, { rolledBack: 2 }), networks, calm);
    assert.deepEqual(halt, { kind: 'rollbacks', text: 'of 8 devices of network a 2 took it back' });
  });

  it('halts when many say nothing', () => {
    assert.equal(kindOf(tally(50, { silent: 3 })), null);
    assert.equal(kindOf(tally(50, { silent: 5 })), 'silence');
  });

  it('says in words and numbers what it saw', () => {
    assert.equal(
      judgeWave(tally(50, { rolledBack: 4, refused: 1 }), new Map(), calm)?.text,
      'of 50 devices of the wave 4 took it back, 1 refused it',
    );
    assert.equal(
      judgeWave(tally(50, { lapsed: 9 }), new Map(), { devices: 900, lapsed: 3 })?.text,
      'of 50 devices of the wave 9 lapsed, of the 900 others 3',
    );
  });
});
