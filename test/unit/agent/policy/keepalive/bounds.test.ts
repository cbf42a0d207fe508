import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  connectTimeoutMs,
  epochOf,
  keepAliveCeilingSeconds,
  longestPromiseMs,
} from '../../../../../agent/policy/keepalive/bounds.ts';
import { CONFIG, fixed } from './mind.ts';

const adaptive = (change: Partial<typeof CONFIG.keepalive>) => ({
  ...CONFIG,
  keepalive: { ...CONFIG.keepalive, ...change },
});

describe('epochOf', () => {
  it('grows with every session, and a new start is above all sessions of the one before', () => {
    const start = fc.integer({ min: 1, max: 2 ** 32 });
    const session = fc.integer({ min: 0, max: 1_000_000 });
    fc.assert(
      fc.property(start, session, session, (starts, one, other) => {
        const [low, high] = [Math.min(one, other), Math.max(one, other)];
        assert.ok(epochOf({ starts, sessions: low }) < epochOf({ starts, sessions: high }) || low === high);
        assert.ok(
          epochOf({ starts, sessions: high }) < epochOf({ starts: starts + 1, sessions: 1 }),
          `${starts}/${high}`,
        );
        assert.ok(Number.isSafeInteger(epochOf({ starts, sessions: high })));
      }),
    );
  });
});

describe('longestPromiseMs', () => {
  it('is bound by detection and max_interval, or is the fixed interval', () => {
    assert.equal(longestPromiseMs(CONFIG, 'balanced'), 600_000);
    assert.equal(longestPromiseMs(CONFIG, 'low_power'), 600_000);
    assert.equal(longestPromiseMs(adaptive({ maxIntervalSeconds: 100 }), 'balanced'), 100_000);
    assert.equal(longestPromiseMs(fixed(), 'low_power'), 30_000);
  });

  it('is bound by the policy in force where the operator states no max_detection', () => {
    const free = adaptive({ maxDetectionSeconds: null });
    assert.deepEqual(
      (['responsive', 'balanced', 'low_power'] as const).map((policy) => longestPromiseMs(free, policy)),
      [60_000, 600_000, 1_200_000],
    );
  });
});

describe('keepAliveCeilingSeconds', () => {
  it('covers the longest silence that may be chosen, in whole seconds, within 16 bits', () => {
    assert.equal(keepAliveCeilingSeconds(CONFIG), 600);
    assert.equal(keepAliveCeilingSeconds(fixed({ intervalSeconds: 45 })), 60);
    assert.equal(keepAliveCeilingSeconds(fixed({ intervalSeconds: 90 })), 90);
    assert.equal(keepAliveCeilingSeconds(adaptive({ maxDetectionSeconds: 1000, count: 3 })), 334);
    // Low battery brings low_power in, without a reconnect.
    assert.equal(keepAliveCeilingSeconds(adaptive({ maxDetectionSeconds: null })), 1200);
    assert.equal(
      keepAliveCeilingSeconds(adaptive({ maxDetectionSeconds: null, adaptive: 'responsive' })),
      1200,
    );
    const huge = adaptive({ maxIntervalSeconds: 65_535, maxDetectionSeconds: 1e9 });
    assert.equal(keepAliveCeilingSeconds(huge), 65_535);
  });
});

describe('connectTimeoutMs', () => {
  it('leaves room for several connects while the monitor waits, but is never hasty', () => {
    assert.equal(connectTimeoutMs(CONFIG, 1_800_000), 20_000);
    assert.equal(connectTimeoutMs(CONFIG, 30_000), 10_000);
    assert.equal(connectTimeoutMs(CONFIG, 1000), 2000);
    assert.equal(connectTimeoutMs({ ...CONFIG, connectTimeoutSeconds: 1 }, 90_000), 1000);
  });
});
