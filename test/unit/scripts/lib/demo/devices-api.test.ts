import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  countOpenAlerts,
  parseDevices,
  parseTransitions,
} from '../../../../../scripts/lib/demo/devices-api.ts';

const device = {
  device: 'pump',
  state: 'alive',
  state_since: '2024-01-01T00:00:00.000Z',
  last_heard: '2024-01-01T00:00:01.000Z',
  next_due: null,
  keepalive_interval: 4,
  keepalive_count: 3,
  keepalive_timeout: 12,
  reason: 'growing',
  vitals: { battery_percent: 80, signal_dbm: null, rtt_ms: 2, reconnects: 0 },
};

test('reads a device', () => {
  assert.deepEqual(parseDevices({ devices: [device] }), [
    {
      device: 'pump',
      state: 'alive',
      stateSinceMs: Date.parse('2024-01-01T00:00:00Z'),
      lastHeardMs: Date.parse('2024-01-01T00:00:01Z'),
      nextDueMs: null,
      intervalSeconds: 4,
      timeoutSeconds: 12,
      reason: 'growing',
      batteryPercent: 80,
      rttMs: 2,
    },
  ]);
  assert.equal(parseDevices({ devices: [{ ...device, vitals: null }] })[0]?.batteryPercent, null);
});

test('what it does not understand is an error that names the field', () => {
  for (const [change, message] of [
    [{ state: 'asleep' }, /not a state: "asleep"/],
    [{ last_heard: 'yesterday' }, /"last_heard" is not a time: "yesterday"/],
    [{ keepalive_interval: '4' }, /"keepalive_interval" is not a number/],
    [{ device: undefined }, /"device" is not a text/],
  ] as const) {
    assert.throws(() => parseDevices({ devices: [{ ...device, ...change }] }), message);
  }
  assert.throws(() => parseDevices([device]), /not an object/);
});

test('reads transitions and counts open alerts', () => {
  const value = { transitions: [{ to: 'dead', at: '1970-01-01T00:00:02Z' }] };
  assert.deepEqual(parseTransitions(value), [{ to: 'dead', atMs: 2000 }]);
  assert.equal(countOpenAlerts({ open: [{}, {}], resolved: [{}] }), 2);
});
