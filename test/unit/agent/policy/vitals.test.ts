import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { worthTelling } from '../../../../agent/policy/vitals.ts';
import type { Vitals } from '../../../../protocol/probe.ts';

const TOLD: Vitals = { batteryPercent: 60, signalDbm: -80, rttMs: 200, reconnects: 1 };
const news = (change: Partial<Vitals>, told: Partial<Vitals> = {}): boolean =>
  worthTelling({ ...TOLD, ...told }, { ...TOLD, ...change });

describe('worthTelling', () => {
  it('tells everything once, and then not what stayed', () => {
    assert.equal(worthTelling(null, TOLD), true);
    assert.equal(news({}), false);
  });

  it('tells a battery that moved by five percent, either way', () => {
    assert.deepEqual(
      [56, 55, 64, 65].map((batteryPercent) => news({ batteryPercent })),
      [false, true, false, true],
    );
  });

  it('tells a signal that moved by six decibels, either way', () => {
    assert.deepEqual(
      [-85, -86, -75, -74].map((signalDbm) => news({ signalDbm })),
      [false, true, false, true],
    );
  });

  it('tells a round trip of another order, and none below 100 ms', () => {
    assert.deepEqual(
      [400, 401, 100, 99].map((rttMs) => news({ rttMs })),
      [false, true, false, true],
    );
    assert.equal(news({ rttMs: 100 }, { rttMs: 1 }), false);
    assert.equal(news({ rttMs: 1 }, { rttMs: 101 }), true);
  });

  it('tells a reconnect, and a sensor that came or went', () => {
    assert.equal(news({ reconnects: 2 }), true);
    for (const name of ['batteryPercent', 'signalDbm', 'rttMs'] as const) {
      assert.equal(news({ [name]: null }), true, name);
      assert.equal(news({}, { [name]: null }), true, name);
      assert.equal(news({ [name]: null }, { [name]: null }), false, name);
    }
  });
});
