import assert from 'node:assert/strict';
import { test } from 'node:test';
import { socketOptions } from '../../../../agent/policy/socket-options.ts';
import { loadAgentSettings } from '../../../../config/load.ts';

const LONGEST_SECONDS = 1200;

function optionsOf(overrides: Readonly<Record<string, string>>) {
  const settings = loadAgentSettings({
    env: {},
    hostname: 'pump-17',
    overrides: Object.entries({
      'broker.url': 'mqtt://broker.example',
      keepalive_interval: '30s',
      ...overrides,
    }),
  });
  return { settings, options: socketOptions(settings.socketKeepalive, LONGEST_SECONDS) };
}

test('beside probes the kernel never speaks first, and gives up data after the agent has', () => {
  const { options, settings } = optionsOf({});
  assert.ok(options !== null);
  assert.ok(options.keepIdleSeconds > LONGEST_SECONDS);
  assert.ok(options.userTimeoutMs > settings.keepalive.timeoutSeconds * 1000);
  assert.ok(options.userTimeoutMs <= (settings.keepalive.timeoutSeconds + 10) * 1000);
});

test('a shadow of 10 s kills no idle connection, as 1 s × 10 would', () => {
  for (const os of ['on', 'only']) {
    const { options } = optionsOf({ os_keepalive: os });
    assert.ok(options !== null);
    assert.ok(options.keepIntervalSeconds * options.keepCount > 10, os);
  }
});

test('alone the kernel probes at the configured interval, and is patient for all of its probes', () => {
  const { options, settings } = optionsOf({ os_keepalive: 'only' });
  assert.equal(options?.keepIdleSeconds, 30);
  assert.equal(options?.keepCount, 3);
  assert.ok((options?.userTimeoutMs ?? 0) >= (30 + 3 * (options?.keepIntervalSeconds ?? 0)) * 1000);
  // The monitor is promised what the agent then keeps: a probe in 18 hours.
  assert.equal(settings.keepalive.intervalSeconds, 65_535);
  assert.equal(settings.keepalive.adaptive, false);
});

test('the agent alone leaves the socket as it is', () => {
  assert.equal(optionsOf({ app_keepalive: 'only' }).options, null);
  assert.equal(optionsOf({ os_keepalive: 'off' }).options, null);
});

test('the kernel is asked for nothing beyond its limits', () => {
  const options = socketOptions({ os: true, app: true, intervalSeconds: 65_535, count: 255 }, 65_535);
  assert.ok(options !== null && options.keepIdleSeconds <= 32_767 && options.keepIntervalSeconds <= 32_767);
  assert.ok(options.keepCount <= 127);
});

test('two that both want to be alone, or neither to work, are refused with the remedy', () => {
  assert.throws(() => optionsOf({ os_keepalive: 'only', app_keepalive: 'only' }), /os_keepalive.*leave one/s);
  assert.throws(() => optionsOf({ os_keepalive: 'off', app_keepalive: 'off' }), /app_keepalive.*set one/s);
});
