import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentWith, monitorWith, refusal, writeFiles } from './helpers.ts';

type Case = readonly [overrides: Readonly<Record<string, string>>, key: string, reason: RegExp];

const AGENT: readonly Case[] = [
  [{ keepalive_timeout: '2m' }, 'keepalive_timeout', /2m contradicts .* 30s × 3 = 90s/],
  [{ min_interval: '1h' }, 'min_interval', /1h is above max_interval 20m/],
  [{ keepalive_interval: '5s' }, 'keepalive_interval', /5s is below min_interval 15s/],
  [{ keepalive_interval: '21m', max_detection: '2h' }, 'keepalive_interval', /21m is above max_interval 20m/],
  [{ max_interval: '65536s' }, 'max_interval', /out of range; write 1s to 65535s/],
  [{ keepalive_interval: '1500ms' }, 'keepalive_interval', /not in whole seconds/],
  [{ keepalive_count: '0' }, 'keepalive_count', /out of range; write 1 to 100/],
  [{ keepalive_count: '2.5' }, 'keepalive_count', /not a whole number/],
  [{ max_detection: '1m' }, 'max_detection', /1m is below keepalive_timeout 30s × 3 = 90s/],
  [
    { adaptive_mode: 'responsive', keepalive_interval: '2m' },
    'max_detection',
    /3m, the bound of adaptive_mode "responsive", is below keepalive_timeout/,
  ],
  [
    { path_limits: '350s,soon' },
    'path_limits',
    /holds "soon", which is not a duration; write a number with ms/,
  ],
  [{ path_limits: '350s,,20m' }, 'path_limits', /holds "", which is not a duration/],
  [{ path_limits: '1s' }, 'path_limits', /holds "1s", which is out of range; write 2s or more/],
  [{ path_limits: '-5s' }, 'path_limits', /holds "-5s", which is not a duration/],
  [{ path_limits: Array(17).fill('350s').join() }, 'path_limits', /too many durations; write at most 16/],
  [{ 'device.name': 'group' }, 'device.name', /is not a device name/],
  [{ 'device.groups': 'a,,b' }, 'device.groups', /not a group name/],
  [{ 'device.groups': 'a,a' }, 'device.groups', /twice/],
  [
    { 'broker.url': 'http://h' },
    'broker.url',
    /has the scheme "http"; write mqtt:\/\/HOST or mqtts:\/\/HOST or ws:\/\/HOST\/PATH or wss:\/\/HOST\/PATH/,
  ],
  [{ 'broker.url': 'mqtt://' }, 'broker.url', /is not a URL|names no host/],
  [{ 'broker.url': 'mqtt://h:0' }, 'broker.url', /port 0/],
  [{ 'broker.url': 'mqtt://h/path' }, 'broker.url', /after the host and port/],
  [{ 'broker.url': 'ws://h/mqtt#x' }, 'broker.url', /fragment/],
  [{ 'broker.url': 'wss://u:p@h/mqtt' }, 'broker.url', /carries credentials/],
  [{ 'broker.ca_file': '/dev/null' }, 'broker.ca_file', /no effect without TLS/],
  [
    { 'broker.url': 'ws://h/mqtt', 'broker.ca_file': '/dev/null' },
    'broker.ca_file',
    /use mqtts:\/\/ or wss:\/\//,
  ],
  [
    { 'broker.url': 'mqtts://h', 'broker.cert_file': '/dev/null' },
    'broker.cert_file',
    /without broker.key_file/,
  ],
  [
    { 'broker.url': 'mqtts://h', 'broker.key_file': '/dev/null' },
    'broker.key_file',
    /without broker.cert_file/,
  ],
  [{ 'broker.url': 'mqtts://h', 'broker.ca_file': '/nonexistent' }, 'broker.ca_file', /does not exist/],
  [{ 'broker.password': 'p' }, 'broker.username', /is missing, but a password is given/],
  [{ 'broker.protocol': '4' }, 'broker.protocol', /write one of: "auto", "5", "3.1.1"/],
  [{ 'reconnect.min_delay': '10m' }, 'reconnect.min_delay', /above reconnect.max_delay/],
  [{ 'verdict.floor': '20s' }, 'verdict.floor', /above verdict.initial/],
  [{ 'verdict.initial': '40s' }, 'verdict.initial', /above verdict.ceiling/],
  [{ 'battery.low_at': '101' }, 'battery.low_at', /write 0 to 100/],
  [{ preset: 'satellite' }, 'preset', /"ethernet", "wifi", "cellular", "nb-iot"/],
  [{ state_directory: '' }, 'state_directory', /is empty/],
];

const MONITOR: readonly Case[] = [
  [{ 'http.listen': '0.0.0.0:8080' }, 'http.listen', /open to the network without a token/],
  [{ 'http.listen': '8080' }, 'http.listen', /not an address to listen on/],
  [{ 'http.token': 'a', 'http.token_file': '/dev/null' }, 'http.token', /and so is http.token_file/],
  [{ 'sinks.webhook.secret': 's' }, 'sinks.webhook.url', /is missing, but a secret is given/],
  [{ 'sinks.webhook.url': 'https://u:p@h' }, 'sinks.webhook.url', /carries credentials/],
  [
    { 'embedded_broker.enabled': 'true', 'broker.url': 'mqtt://h' },
    'broker.url',
    /and embedded_broker.enabled is true/,
  ],
  [{ 'embedded_broker.enabled': 'yes' }, 'embedded_broker.enabled', /write true or false/],
  [{ 'delivery.min_delay': '6m' }, 'delivery.min_delay', /above delivery.max_delay/],
  [{ 'summary.schedule': '0 25 * * *' }, 'summary.schedule', /the hour is not within 0 to 23/],
  [{ 'retention.schedule': 'null' }, 'retention.schedule', /not a schedule/],
  [{ 'retention.history': '1m' }, 'retention.history', /write 1h or more/],
];

for (const [part, load, cases] of [
  ['agent', agentWith, AGENT],
  ['monitor', monitorWith, MONITOR],
] as const) {
  for (const [overrides, key, reason] of cases) {
    test(`${part}: ${JSON.stringify(overrides)} is refused at ${key}`, () => {
      const error = refusal(() => load(overrides));
      const found = error.problems.find((problem) => problem.key === key);
      assert.ok(found !== undefined, error.message);
      assert.match(error.message, reason);
      assert.notEqual(found.fix, '');
      // Said of the key that was written on the command line; of one left out there is nothing to say.
      assert.equal(found.source, key in overrides ? 'the command line' : null);
    });
  }
}

test('the same files over mqtts, and a password alone over MQTT 5, are accepted', (context) => {
  const { pem = '' } = writeFiles(context, { pem: 'x' });
  const { broker } = agentWith({
    'broker.url': 'mqtts://h:8884',
    'broker.ca_file': pem,
    'broker.cert_file': pem,
    'broker.key_file': pem,
    'broker.password': 'p',
    'broker.protocol': '5',
  });
  assert.deepEqual([broker.caFile, broker.certFile, broker.keyFile], [pem, pem, pem]);
});

test('a wide listener with a token, and any loopback one without, are accepted', () => {
  assert.equal(monitorWith({ 'http.listen': '0.0.0.0:80', 'http.token': 't' }).http.host, '0.0.0.0');
  assert.equal(monitorWith({ 'http.listen': '[::1]:0' }).http.port, 0);
});
