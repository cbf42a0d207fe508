import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { loadAgent, loadAgentSettings, loadMonitorSettings } from '../../../config/load.ts';
import { PRESET_NAMES, PRESETS } from '../../../config/presets/presets.ts';
import { agentWith, BARE } from './helpers.ts';

const CONFIG = new URL('../../../config/', import.meta.url);

test('each preset file is in the list, and each is valid and in force', () => {
  const files = readdirSync(new URL('presets/', CONFIG)).filter((name) => name !== 'presets.ts');
  assert.deepEqual(files.map((name) => name.replace('.ts', '')).sort(), [...PRESET_NAMES].sort());
  for (const name of PRESET_NAMES) {
    const { values } = loadAgent({ ...BARE, overrides: [['preset', name]] });
    const from = values.filter(({ origin }) => origin.layer === 'preset').map(({ key }) => key);
    assert.deepEqual(from.sort(), Object.keys(PRESETS[name]).sort(), name);
  }
});

test('a slower network probes less often and waits longer', () => {
  const [wired, cellular, narrow] = ['ethernet', 'cellular', 'nb-iot'].map((preset) => agentWith({ preset }));
  assert.ok(wired && cellular && narrow);
  assert.ok(wired.keepalive.intervalSeconds < cellular.keepalive.intervalSeconds);
  assert.ok(cellular.keepalive.intervalSeconds < narrow.keepalive.intervalSeconds);
  assert.ok(wired.verdict.initialSeconds < cellular.verdict.initialSeconds);
  assert.ok(cellular.verdict.initialSeconds < narrow.verdict.initialSeconds);
});

test('a preset that the operator contradicts yields, and what is left must still go together', () => {
  assert.equal(agentWith({ preset: 'nb-iot', keepalive_interval: '10m' }).keepalive.intervalSeconds, 600);
  assert.throws(
    () => agentWith({ preset: 'nb-iot', max_detection: '10m' }),
    /below keepalive_timeout 5m × 3 = 15m/,
  );
});

test('the examples load', () => {
  const path = (name: string) => new URL(`examples/${name}`, CONFIG).pathname;
  const agent = loadAgentSettings({ ...BARE, file: path('agent.json5') });
  assert.equal(agent.device.name, 'pump-17');
  const monitor = loadMonitorSettings({ ...BARE, file: path('monitor.json5') });
  assert.equal(monitor.liveness.graceSeconds, 10);
});
