import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadAgentSettings, loadMonitor, loadMonitorSettings } from '../../../config/load.ts';
import { agentWith, BARE, monitorWith, refusal, writeFiles } from './helpers.ts';

const SECRET = 'hunter2-correct-horse';

test('a secret is read from its file, without the line break', (context) => {
  const { secret = '' } = writeFiles(context, { secret: `${SECRET}\n` });
  assert.equal(agentWith({ 'broker.username': 'u', 'broker.password_file': secret }).broker.password, SECRET);
  const monitor = monitorWith({
    'http.listen': '0.0.0.0:80',
    'http.token_file': secret,
    'sinks.webhook.url': 'https://example.com/hook',
    'sinks.webhook.secret_file': secret,
  });
  assert.equal(monitor.http.token, SECRET);
  assert.equal(monitor.sinks.webhook?.secret, SECRET);
});

test('a secret may be any text, also "null"', () => {
  assert.equal(agentWith({ 'broker.username': 'u', 'broker.password': 'null' }).broker.password, 'null');
});

test('a secret file that holds no secret is refused', (context) => {
  const files = writeFiles(context, { empty: '\n', lines: 'a\nb\n' });
  for (const [path, reason] of [
    [files.empty, /is empty/],
    [files.lines, /more than one line/],
    ['/nonexistent/secret', /does not exist/],
  ] as const) {
    const overrides = { 'broker.username': 'u', 'broker.password_file': path ?? '' };
    assert.match(refusal(() => agentWith(overrides)).message, reason);
  }
});

test('no refusal repeats a secret, however it was misplaced', (context) => {
  const texts = [
    `{ broker: { pasword: '${SECRET}' } }`,
    `{ broker: { password: ['${SECRET}'] } }`,
    `{ broker: { password: '${SECRET}\\u0000' } }`,
    `{ broker: '${SECRET}' }`,
    `{ broker: { url: 'mqtt://user:${SECRET}@host' } }`,
    `{ broker: { url: 'mqtt://user:${SECRET}/x@host' } }`,
    `{ broker: { url: 'mqtt://${'u'.repeat(70)}:${SECRET}@host:x' } }`,
    `{ broker: { url: 'user:${SECRET}@host' } }`,
    `{ broker: { password: '${SECRET}', password_file: '/nonexistent', username: 'u' } }`,
    `{ broker: { password: '${SECRET}' } }`,
  ];
  for (const text of texts) {
    const { file = '' } = writeFiles(context, { file: text });
    const { message, problems } = refusal(() => loadAgentSettings({ ...BARE, file }));
    assert.ok(!JSON.stringify([message, problems]).includes('hunter2'), message);
  }
  const overrides = [[`pasword`, SECRET]] as const;
  const env = { KHD_HTTP_TOKN: SECRET, KHD_SINKS_WEBHOOK_URL: `ftp://${SECRET}` };
  const { message } = refusal(() => loadMonitorSettings({ ...BARE, env, overrides }));
  assert.ok(!message.includes('hunter2'), message);
});

test('the effective values show that a secret is set, not which', (context) => {
  const { secret = '' } = writeFiles(context, { secret: SECRET });
  const overrides = Object.entries({
    'http.token_file': secret,
    'sinks.webhook.url': `https://example.com/${SECRET}`,
    'broker.username': 'u',
    'broker.password': SECRET,
  });
  const { values } = loadMonitor({ ...BARE, overrides });
  assert.ok(!JSON.stringify(values).includes('hunter2'));
  const shown = new Map(values.map(({ key, value }) => [key, value]));
  assert.equal(shown.get('broker.password'), '********');
  assert.equal(shown.get('http.token'), '********');
  assert.equal(shown.get('sinks.webhook.secret'), null);
});
