import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whatChanged } from '../../../../../agent/policy/fleet/what-changed.ts';
import { loadAgent } from '../../../../../config/load.ts';

const load = (settings: Readonly<Record<string, string>>, base: Readonly<Record<string, string>> = {}) =>
  loadAgent({ env: {}, hostname: 'pump-17', overrides: Object.entries({ ...base, ...settings }) }).settings;

/** What starts anew, by name. */
function changed(
  settings: Readonly<Record<string, string>>,
  base: Readonly<Record<string, string>> = {},
  keepAliveSeconds: number | null = 1200,
): string {
  const changes = whatChanged(load({}, base), load(settings, base), keepAliveSeconds);
  return Object.entries(changes)
    .flatMap(([part, isChanged]) => (isChanged ? [part] : []))
    .join();
}

test('settings of the policy alone start nothing anew', () => {
  for (const settings of [
    {},
    { adaptive_mode: 'low_power' },
    { 'verdict.ceiling': '20s' },
    { 'reconnect.max_delay': '1m' },
    { 'battery.low_at': '30' },
    { path_limits: '5m' },
    { 'broker.connect_timeout': '9s' },
  ]) {
    assert.equal(changed(settings, { os_keepalive: 'off' }), '', JSON.stringify(settings));
  }
});

test('another interval needs no new connection, only other times of the kernel', () => {
  assert.equal(changed({ keepalive_interval: '20s' }), 'socket');
  assert.equal(changed({ keepalive_interval: '90s', adaptive_mode: 'false' }), 'socket');
});

test('one that is longer than what the broker was told needs a new one', () => {
  const settings = { keepalive_interval: '200s', adaptive_mode: 'false' };
  assert.equal(changed(settings, { adaptive_mode: 'false' }, 199), 'link');
  assert.equal(changed(settings, { adaptive_mode: 'false' }, 200), 'socket');
});

test('whatever belongs to the connection needs a new one', () => {
  for (const [settings, parts] of [
    [{ 'broker.url': 'mqtt://other:1883' }, 'link,senses'],
    [{ 'broker.username': 'u', 'broker.password': 'p' }, 'link'],
    [{ 'broker.protocol': '3.1.1' }, 'link'],
    [{ 'broker.proxy.url': 'http://proxy:3128' }, 'link'],
    [{ will_delay: '20s' }, 'link'],
    [{ os_keepalive: 'off' }, 'link'],
  ] as const) {
    assert.equal(changed(settings), parts, JSON.stringify(settings));
  }
});

test('readers and log are on their own', () => {
  assert.equal(changed({ 'signal.source': 'off' }), 'senses');
  assert.equal(changed({ 'log.level': 'debug' }), 'log');
});
