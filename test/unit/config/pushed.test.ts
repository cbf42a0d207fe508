import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PushedLayer } from '../../../config/layers.ts';
import { type LoadOptions, loadAgent } from '../../../config/load.ts';
import { checkPushed, problemsLine, settingKeys } from '../../../config/pushed.ts';
import { BARE, writeFiles } from './helpers.ts';

const group = (name: string, version: number, settings: object): PushedLayer => ({
  origin: { kind: 'group', name, version },
  settings: settings as Record<string, unknown>,
});
const device = (version: number, settings: object): PushedLayer => ({
  origin: { kind: 'device', name: 'host-1', version },
  settings: settings as Record<string, unknown>,
});
const refusalOf = (pushed: readonly PushedLayer[], options: LoadOptions = BARE) => {
  const checked = checkPushed({ ...options, pushed });
  assert.ok(!checked.ok);
  return { refusal: checked.refusal, line: problemsLine(checked.problems) };
};

describe('pushed settings', () => {
  it('lie over the file and under environment and command line; the device over its groups', (context) => {
    const { 'a.json5': file = '' } = writeFiles(context, {
      'a.json5': "{ keepalive_interval: '31s', keepalive_count: 4, min_interval: '16s', will_delay: '11s' }",
    });
    const pushed = [
      group('north', 2, {
        keepalive_interval: '32s',
        min_interval: '17s',
        will_delay: '12s',
        max_interval: '33m',
      }),
      group('pilot', 3, { min_interval: '18s', verdict: { floor: '4s' } }),
      device(7, { max_interval: '34m' }),
    ];
    const env = { KHD_WILL_DELAY: '13s' };
    const overrides = [['verdict.floor', '5s']] as const;
    const { settings, values } = loadAgent({ ...BARE, file, env, overrides, pushed });
    const of = (key: string) => {
      const found = values.find((each) => each.key === key);
      return `${found?.value} ${found?.origin.layer} ${found?.origin.detail}`;
    };
    assert.equal(of('keepalive_interval'), '32 group push north v2');
    assert.equal(of('keepalive_count'), `4 file ${file}`);
    assert.equal(of('min_interval'), '18 group push pilot v3');
    assert.equal(of('max_interval'), '2040 device push v7');
    assert.equal(of('will_delay'), '13 environment KHD_WILL_DELAY');
    assert.equal(of('verdict.floor'), '5 command line null');
    assert.equal(settings.keepalive.intervalSeconds, 32);
    const checked = checkPushed({ ...BARE, file, env, overrides, pushed });
    assert.deepEqual(checked.ok && checked.overridden, ['will_delay', 'verdict.floor']);
  });

  it('may choose a preset, and reset what a preset or the file set', () => {
    const pushed = [device(1, { preset: 'nb-iot', keepalive_count: 2 })];
    const { settings } = loadAgent({ ...BARE, pushed });
    assert.equal(settings.keepalive.intervalSeconds, 300);
    assert.equal(settings.keepalive.count, 2);
  });

  it('cannot change who the device is, whom it trusts, where it keeps its state, or what it runs', () => {
    const forbidden = [
      { device: { name: 'other' } },
      { device: { groups: ['pilot'] } },
      { fleet: { trusted_keys: ['11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo'] } },
      { state_directory: '/tmp' },
      { battery: { sysfs_root: '/tmp' } },
      { signal: { procfs_root: '/tmp' } },
      { signal: { command: ['reboot'] } },
    ];
    for (const settings of forbidden) {
      const { refusal, line } = refusalOf([group('pilot', 1, settings)]);
      assert.equal(refusal, 'forbidden-setting', JSON.stringify(settings));
      assert.match(line, /cannot be pushed; set it at the device \(from the group push pilot v1\)/);
    }
    // Even when somebody at the device has the last word on the key.
    const overrides = [['device.name', 'host-2']] as const;
    const { refusal } = refusalOf([device(1, { device: { name: 'host-3' } })], { ...BARE, overrides });
    assert.equal(refusal, 'forbidden-setting');
  });

  it('are refused whole, with the worst reason and every problem', () => {
    const { refusal, line } = refusalOf([
      device(1, { keepalive_intervall: '5m', state_directory: '/x', keepalive_count: 0 }),
    ]);
    assert.equal(refusal, 'unknown-setting');
    assert.match(line, /did you mean keepalive_interval\?/);
    assert.match(line, /state_directory: cannot be pushed/);
    assert.match(line, /keepalive_count: 0 is out of range/);
    assert.equal(refusalOf([device(1, { keepalive_interval: 'soon' })]).refusal, 'bad-setting');
    assert.equal(refusalOf([device(1, { min_interval: '1h', max_interval: '30s' })]).refusal, 'bad-setting');
    assert.equal(refusalOf([device(1, { 'broker.url': 'mqtt://a' })]).refusal, 'bad-setting');
    assert.equal(refusalOf([device(1, { broker: 'mqtt://a' })]).refusal, 'bad-setting');
  });

  it('name files of the device, which are looked at there and not at the operator', () => {
    const pushed = [device(1, { broker: { url: 'mqtts://broker.example', ca_file: '/nowhere/ca.pem' } })];
    assert.match(refusalOf(pushed).line, /broker\.ca_file: "\/nowhere\/ca\.pem" /);
    assert.equal(checkPushed({ ...BARE, pushed, filesElsewhere: true }).ok, true);
  });

  it('replace a password file by a password, and the other way round', (context) => {
    const { secret = '', 'a.json5': file = '' } = writeFiles(context, {
      secret: 'from-file',
      'a.json5': "{ broker: { username: 'u', password: 'own' } }",
    });
    const byFile = loadAgent({ ...BARE, file, pushed: [device(1, { broker: { password_file: secret } })] });
    assert.equal(byFile.settings.broker.password, 'from-file');
    const overrides = [['broker.username', 'u']] as const;
    const pushed = [
      group('pilot', 1, { broker: { password_file: secret } }),
      device(2, { broker: { password: 'pushed' } }),
    ];
    assert.equal(loadAgent({ ...BARE, overrides, pushed }).settings.broker.password, 'pushed');
  });

  it('never show a secret', () => {
    const pushed = [device(1, { broker: { username: 'u', password: 7 } })];
    assert.doesNotMatch(refusalOf(pushed).line, /7/);
    const { values } = loadAgent({
      ...BARE,
      pushed: [device(1, { broker: { username: 'u', password: 'hidden-word' } })],
    });
    assert.doesNotMatch(JSON.stringify(values), /hidden-word/);
  });
});

describe('settingKeys', () => {
  it('are dotted, lists being values', () => {
    const settings = { a: 1, b: { c: null, d: { e: [1] } }, f: {} };
    assert.deepEqual(settingKeys(settings), ['a', 'b.c', 'b.d.e']);
  });
});
