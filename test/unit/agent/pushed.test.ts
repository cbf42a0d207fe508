import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { NOTHING_PUSHED } from '../../../agent/policy/fleet/fleet.ts';
import type { FleetLayer, FleetRecord } from '../../../agent/policy/fleet/types.ts';
import { whatChanged } from '../../../agent/policy/fleet/what-changed.ts';
import { check, type LoadPushed, loadConfirmed } from '../../../agent/pushed.ts';
import { loadAgent } from '../../../config/load.ts';
import { CONFIG, documentOf, hashOf } from './policy/fleet/device.ts';

let folder = '';
let file = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'khd-pushed-'));
  file = join(folder, 'agent.json');
  writeFileSync(file, JSON.stringify({ keepalive_interval: '1m', device: { groups: ['pumps', 'pilot'] } }));
});
after(() => rmSync(folder, { recursive: true, force: true }));

const load: LoadPushed = (pushed) =>
  loadAgent({
    file,
    hostname: 'pump-17',
    env: { KHD_KEEPALIVE_COUNT: '5' },
    overrides: [['log.level', 'warn']],
    pushed,
  });

const layer = (settings: Readonly<Record<string, unknown>>): FleetLayer => ({
  origin: { kind: 'group', name: 'pilot', version: 1 },
  settings,
});

const checked = (settings: Readonly<Record<string, unknown>>) => {
  const base = load([]).settings;
  return check([layer(settings)], base, load, (other) => whatChanged(base, other, 1200)).result;
};

test('says what applying would mean, and which keys the device itself has the last word on', () => {
  assert.deepEqual(
    checked({ adaptive_mode: false, keepalive_interval: '2m', keepalive_count: 4, log: { level: 'debug' } }),
    {
      ok: true,
      plan: {
        ...{ reconnects: false, fixedIntervalMs: 120_000, count: 5 },
        overridden: ['keepalive_count', 'log.level'],
      },
    },
  );
  const moved = checked({ broker: { url: 'mqtt://other:1883' } });
  assert.ok(moved.ok && moved.plan.reconnects && moved.plan.fixedIntervalMs === null);
});

test('without probes of its own there is no interval to wait for', () => {
  const result = checked({ app_keepalive: 'off', os_keepalive: 'only' });
  assert.ok(result.ok && result.plan.fixedIntervalMs === null);
});

test('settings that cannot be used are refused by name, the unknown ones first', () => {
  const cases: readonly [Readonly<Record<string, unknown>>, string, RegExp][] = [
    [{ keepalive_intervall: 5 }, 'unknown-setting', /keepalive_intervall/],
    [
      { device: { name: 'other' }, keepalive_interval: 'soon' },
      'forbidden-setting',
      /device\.name.*keepalive_interval/s,
    ],
    [{ keepalive_interval: 'soon' }, 'bad-setting', /keepalive_interval/],
    [{ broker: { ca_file: '/nowhere/ca.pem' } }, 'bad-setting', /broker\.ca_file/],
    [{ nothing: 1, device: { name: 'other' } }, 'unknown-setting', /nothing/],
  ];
  for (const [settings, refusal, detail] of cases) {
    const result = checked(settings);
    assert.ok(!result.ok);
    assert.equal(result.refusal, refusal);
    assert.match(result.detail, detail);
  }
});

test('a start runs with every confirmed document that fits, and leaves out the others', () => {
  const confirmed = [
    documentOf({
      target: { kind: 'device', name: 'pump-17' },
      version: 9,
      settings: { keepalive_interval: '3m' },
    }),
    documentOf({ version: 4, settings: { no_such_key: 1 } }),
    documentOf({ target: { kind: 'group', name: 'pumps' }, version: 2, settings: { idle_threshold: '90s' } }),
    documentOf({
      target: { kind: 'group', name: 'left' },
      version: 7,
      settings: { keepalive_interval: '9m' },
    }),
  ].map((document) => ({
    target: `${document.target.kind}:${document.target.name}`,
    ...{ hash: hashOf(document), text: '', document },
  }));
  const record: FleetRecord = { ...NOTHING_PUSHED, confirmed };
  const told: string[] = [];
  const found = loadConfirmed(load([]).settings, record, CONFIG, load, (target) => told.push(target));
  assert.equal(found.settings.keepalive.intervalSeconds, 180);
  assert.equal(found.settings.keepalive.idleThresholdSeconds, 90);
  assert.equal(found.version, 9);
  assert.deepEqual(found.leftOut, [confirmed[1]?.hash]);
  assert.deepEqual(told, ['group:pilot']);
});
