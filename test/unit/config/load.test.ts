import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, test } from 'node:test';
import { loadAgent, loadAgentSettings, loadMonitor, loadMonitorSettings } from '../../../config/load.ts';
import { agentWith, BARE, monitorWith, refusal, writeFiles } from './helpers.ts';

test('without any file the defaults are those of the mission', () => {
  const { keepalive, device } = loadAgentSettings(BARE);
  assert.deepEqual(keepalive, {
    intervalSeconds: 30,
    count: 3,
    timeoutSeconds: 90,
    idleThresholdSeconds: 60,
    adaptive: 'balanced',
    minIntervalSeconds: 15,
    maxIntervalSeconds: 1200,
    maxDetectionSeconds: null,
  });
  assert.deepEqual(device, { name: 'host-1', groups: [] });
});

test('later layers win: default, preset, file, environment, command line', (context) => {
  const { 'a.json5': file = '' } = writeFiles(context, {
    'a.json5': "{ preset: 'nb-iot', max_interval: '40m', verdict: { floor: '11s' }, will_delay: 5, }",
  });
  const options = {
    ...BARE,
    file,
    env: { KHD_VERDICT_FLOOR: '12s', KHD_WILL_DELAY: '6s' },
    overrides: [['will_delay', '7s']] as const,
  };
  const { settings, values } = loadAgent(options);
  assert.equal(settings.keepalive.count, 3);
  assert.equal(settings.keepalive.intervalSeconds, 300);
  assert.equal(settings.keepalive.maxIntervalSeconds, 2400);
  assert.equal(settings.verdict.floorSeconds, 12);
  assert.equal(settings.willDelaySeconds, 7);
  const layers = Object.fromEntries(
    values.map(({ key, origin }) => [key, `${origin.layer} ${origin.detail}`]),
  );
  assert.equal(layers.keepalive_count, 'default null');
  assert.equal(layers.keepalive_interval, 'preset nb-iot');
  assert.equal(layers.max_interval, `file ${file}`);
  assert.equal(layers['verdict.floor'], 'environment KHD_VERDICT_FLOOR');
  assert.equal(layers.will_delay, 'command line null');
  assert.equal(layers['device.name'], 'default host name');
});

test('settings are frozen all the way down', () => {
  const settings = agentWith({ 'device.groups': 'a,b' });
  assert.throws(() => Object.assign(settings.keepalive, { count: 9 }), TypeError);
  assert.throws(() => (settings.device.groups as string[]).push('c'), TypeError);
});

test('adaptive_mode true means balanced; a fixed interval is its own bound', () => {
  assert.equal(agentWith({ adaptive_mode: 'true' }).keepalive.adaptive, 'balanced');
  assert.equal(agentWith({ adaptive_mode: 'responsive' }).keepalive.maxDetectionSeconds, null);
  assert.equal(agentWith({ max_detection: '2h' }).keepalive.maxDetectionSeconds, 7200);
  const fixed = agentWith({ adaptive_mode: 'false', keepalive_interval: '2s' }).keepalive;
  assert.deepEqual(
    [fixed.adaptive, fixed.minIntervalSeconds, fixed.maxIntervalSeconds, fixed.maxDetectionSeconds],
    [false, 2, 2, 6],
  );
});

test('of path_limits the smallest counts, wherever and however they are written', (context) => {
  assert.equal(loadAgentSettings(BARE).pathLimitSeconds, null);
  assert.equal(agentWith({ path_limits: '20m, 350s ,1h' }).pathLimitSeconds, 350);
  assert.equal(agentWith({ path_limits: '2s', min_interval: '1s' }).pathLimitSeconds, 2);
  const env = { KHD_PATH_LIMITS: '1h,100.5s' };
  assert.equal(loadAgentSettings({ ...BARE, env }).pathLimitSeconds, 100.5);
  const { file = '' } = writeFiles(context, { file: "{ path_limits: ['20m', 90, '1.5m'] }" });
  assert.equal(loadAgentSettings({ ...BARE, file }).pathLimitSeconds, 90);
  assert.equal(
    loadAgentSettings({ ...BARE, file, env }).pathLimitSeconds,
    100.5,
    'a later layer replaces the list',
  );
  const { none = '' } = writeFiles(context, { none: '{ path_limits: [] }' });
  assert.equal(loadAgentSettings({ ...BARE, file: none }).pathLimitSeconds, null);
});

test('path_limits in a file that are no list of durations are refused with what to write', (context) => {
  for (const [value, reason] of [
    ["'350s'", /is not a list; write a list of durations, such as \["350s", "20m"\]/],
    ['350', /is not a list/],
    ['null', /is not a list/],
    ["['350s', null]", /holds null, which is not a duration/],
    ["['350s', ['20m']]", /holds \["20m"\], which is not a duration/],
    ['[1e400]', /which is not a duration/],
  ] as const) {
    const { file = '' } = writeFiles(context, { file: `{ path_limits: ${value} }` });
    const error = refusal(() => loadAgentSettings({ ...BARE, file }));
    assert.deepEqual(
      error.problems.map(({ key }) => key),
      ['path_limits'],
      value,
    );
    assert.match(error.message, reason, value);
  }
});

test('a timeout that is stated and agrees is accepted', () => {
  const { keepalive } = agentWith({
    keepalive_interval: '40s',
    keepalive_count: '2',
    keepalive_timeout: '80s',
  });
  assert.equal(keepalive.timeoutSeconds, 80);
});

test('a bad file and a bad environment are named in one error', (context) => {
  const { 'a.json5': file = '' } = writeFiles(context, {
    'a.json5':
      "{ keepalive_interval: '30 parsecs',\n keepalive_count: '3', // three\n\n brokr: {}, log: 'debug' }",
  });
  const error = refusal(() =>
    loadAgentSettings({ ...BARE, file, env: { KHD_GRACEFUL: '1', KHD_WILL_DELAY: 'x' } }),
  );
  assert.deepEqual(error.message.replaceAll(file, 'FILE').split('\n'), [
    'keepalive_interval: "30 parsecs" is not a duration; write a number with ms, s, m, h or d, such as "30s" (from FILE, line 1)',
    'keepalive_count: "3" is not a whole number; write 1 to 100 (from FILE, line 2)',
    'brokr: is not a known key; did you mean broker? (from FILE, line 4)',
    'log: is a section, and was given no object; write log: { … } with any of: level, format (from FILE, line 4)',
    'KHD_GRACEFUL: is not a known environment variable; did you mean KHD_GRACE?',
    'will_delay: "x" is not a duration; write a number with ms, s, m, h or d, such as "30s" (from environment variable KHD_WILL_DELAY)',
  ]);
  assert.equal(error.problems.length, 6);
});

test('what a refused value could have been is not guessed at: no second problem follows from it', () => {
  const error = refusal(() => agentWith({ min_interval: 'soon', keepalive_interval: '1s' }));
  assert.deepEqual(
    error.problems.map(({ key }) => key),
    ['min_interval'],
  );
});

test('broken JSON5 is named with line and column', (context) => {
  const { 'a.json5': file = '' } = writeFiles(context, { 'a.json5': "{\n  grace: '1s'\n  stall: 3\n}" });
  const { message } = refusal(() => loadMonitorSettings({ ...BARE, file }));
  assert.match(message, /a\.json5: line 3, column 3: invalid character 's'; correct the JSON5 there/);
});

test('a file that cannot be one is named', (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'khd-config-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const files = writeFiles(context, {
    'binary.json5': Uint8Array.of(0xff, 0xfe, 0x00),
    'list.json5': '[1, 2]',
    'empty.json5': '',
    'comment.json5': '// nothing yet\n/* { } */\n',
    'huge.json5': ' '.repeat(1024 * 1024 + 1),
  });
  const cases: readonly [string, RegExp][] = [
    [join(folder, 'absent.json5'), /does not exist/],
    [join(folder, 'a\u0000b'), /cannot be read/],
    [folder, /is a folder/],
    [files['binary.json5'] ?? '', /is not UTF-8/],
    [files['list.json5'] ?? '', /does not hold an object/],
    [files['empty.json5'] ?? '', /empty\.json5: is empty; write \{ key: value, … \}/],
    [files['comment.json5'] ?? '', /comment\.json5: is empty/],
    [files['huge.json5'] ?? '', /larger than 1 MiB/],
  ];
  for (const [file, reason] of cases)
    assert.match(refusal(() => loadAgentSettings({ ...BARE, file })).message, reason);
});

test('an unknown key finds its neighbour, a dotted one is told to nest', (context) => {
  assert.match(
    refusal(() => agentWith({ keepalive_intervall: '1s' })).message,
    /did you mean keepalive_interval\?/,
  );
  assert.match(
    refusal(() => agentWith({ grace: '1s' })).message,
    /grace: is not a known key; it is the monitor's: .* with --for monitor/,
  );
  assert.match(refusal(() => monitorWith({ 'signal.source': 'off' })).message, /it is the agent's/);
  assert.match(refusal(() => agentWith({ no_such_thing: '1s' })).message, /is not a known key; remove it/);
  const { 'a.json5': file = '' } = writeFiles(context, { 'a.json5': "{ 'broker.url': 'mqtt://h' }" });
  assert.match(refusal(() => loadAgentSettings({ ...BARE, file })).message, /nest it: broker: \{ url/);
});

test('a file of the other part of the program is named as such before its keys', (context) => {
  const files = writeFiles(context, {
    'm.json5': "{\n  broker: { url: 'mqtt://h' },\n  grace: '1s',\n  sinks: { log: true },\n}",
    'mixed.json5': "{ will_delay: '2s', grace: '1s' }",
  });
  const { 'm.json5': ours = '', 'mixed.json5': mixed = '' } = files;
  const { message } = refusal(() => loadAgentSettings({ ...BARE, file: ours }));
  assert.deepEqual(message.replaceAll(ours, 'FILE').split('\n'), [
    "FILE: looks like the monitor's configuration; name the agent's file, or use keepalivehd monitor (config: --for monitor)",
    "grace: is not a known key; it is the monitor's (from FILE, line 3)",
    "sinks: is not a known key; it is the monitor's (from FILE, line 4)",
  ]);
  assert.doesNotMatch(refusal(() => loadAgentSettings({ ...BARE, file: mixed })).message, /looks like/);
  assert.match(
    refusal(() => loadMonitorSettings({ ...BARE, file: mixed })).message,
    /^will_delay: is not a known key; it is the agent's/,
  );
});

test('prototype keys are unknown keys like any other', (context) => {
  const { 'a.json5': file = '' } = writeFiles(context, {
    'a.json5': "{ '__proto__': { grace: 1 }, constructor: { prototype: {} }, broker: { toString: 1 } }",
  });
  const { problems } = refusal(() => loadAgentSettings({ ...BARE, file }));
  assert.deepEqual(
    problems.map(({ key }) => key),
    ['__proto__', 'constructor', 'broker.toString'],
  );
  assert.equal(({} as { grace?: number }).grace, undefined);
});

test('a variable of the other part, or an empty one, is no problem', () => {
  const env = { KHD_HTTP_TOKEN: 'abc', KHD_KEEPALIVE_INTERVAL: '', PATH: '/bin' };
  assert.equal(loadAgentSettings({ ...BARE, env }).keepalive.intervalSeconds, 30);
});

test('the host name stands in for the device only when it can be a name', () => {
  for (const hostname of ['', 'a b', 'localhost', 'monitor', 'x'.repeat(65), 'a/b']) {
    assert.match(
      refusal(() => loadAgentSettings({ env: {}, hostname })).message,
      /device.name: is missing/,
      hostname,
    );
  }
  const overrides = [['device.name', 'pump-1']] as const;
  assert.equal(loadAgentSettings({ env: {}, hostname: 'a b', overrides }).device.name, 'pump-1');
});

test("systemd's state directory is the default, and only that", () => {
  const env = { STATE_DIRECTORY: '/var/lib/private/khd:/var/lib/other' };
  assert.equal(loadAgentSettings({ ...BARE, env }).stateDirectory, '/var/lib/private/khd');
  assert.equal(loadMonitorSettings({ ...BARE, env }).dataDirectory, '/var/lib/private/khd');
  const overrides = [['state_directory', '/srv/khd']] as const;
  assert.equal(loadAgentSettings({ ...BARE, env, overrides }).stateDirectory, '/srv/khd');
});

test('the embedded broker is where the monitor connects, over 3.1.1', () => {
  const settings = monitorWith({
    'embedded_broker.enabled': 'true',
    'embedded_broker.listen': '0.0.0.0:2883',
  });
  assert.deepEqual(settings.embeddedBroker, { enabled: true, host: '0.0.0.0', port: 2883 });
  assert.equal(settings.broker.url, 'mqtt://127.0.0.1:2883');
  assert.equal(settings.broker.protocol, '3.1.1');
});

test('null switches the summary off; no webhook address means no webhook', () => {
  const settings = monitorWith({ 'summary.schedule': 'null' });
  assert.equal(settings.summary.schedule, null);
  assert.equal(settings.sinks.webhook, null);
  assert.equal(loadMonitor(BARE).settings.summary.schedule, '0 8 * * *');
});

describe('what follows from other values', () => {
  const shown = (overrides: Readonly<Record<string, string>>, key: string) =>
    loadAgent({ env: {}, hostname: 'pump-17', overrides: Object.entries(overrides) }).values.find(
      (each) => each.key === key,
    );

  it('is shown with its value, as derived', () => {
    assert.deepEqual(shown({ keepalive_interval: '40s', keepalive_count: '2' }, 'keepalive_timeout'), {
      key: 'keepalive_timeout',
      value: 80,
      origin: { layer: 'derived', detail: null },
    });
    assert.equal(shown({ adaptive_mode: 'low_power' }, 'max_detection')?.value, 3600);
  });

  it('keeps its origin where it was stated', () => {
    assert.equal(shown({ keepalive_timeout: '90s' }, 'keepalive_timeout')?.origin.layer, 'command line');
  });
});
