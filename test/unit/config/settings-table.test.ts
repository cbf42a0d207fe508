import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { AGENT_KEYS, MONITOR_KEYS } from '../../../config/load.ts';
import { README_BEGIN, README_END, renewReadme, settingsPage } from '../../../config/settings-table.ts';

const ROOT = new URL('../../../', import.meta.url);

test('docs/settings.md is what the schema says; if not: npm run docs:settings', () => {
  assert.equal(readFileSync(new URL('docs/settings.md', ROOT), 'utf8'), settingsPage());
});

test('the settings in README.md are what the schema says; if not: npm run docs:settings', () => {
  const readme = new URL('README.md', ROOT);
  if (!existsSync(readme)) return;
  const text = readFileSync(readme, 'utf8');
  assert.ok(
    text.includes(README_BEGIN) && text.includes(README_END),
    'README.md marks no place for the settings',
  );
  assert.equal(text, renewReadme(text));
});

test('every key has its row, with its own variable', () => {
  const page = settingsPage();
  for (const keys of [AGENT_KEYS, MONITOR_KEYS]) {
    const variables = [...keys.values()].map(({ env }) => env);
    assert.equal(new Set(variables).size, variables.length);
    for (const [key, { env, doc }] of keys) {
      assert.ok(page.includes(`| \`${key}\` |`), key);
      assert.equal(env, `KHD_${key.toUpperCase().replaceAll('.', '_')}`);
      assert.match(doc, /\.$/, key);
    }
  }
});

test('only the part between the marks is renewed', () => {
  const renewed = renewReadme(`before ${README_BEGIN} stale ${README_END} after`);
  assert.ok(renewed.startsWith(`before ${README_BEGIN}`) && renewed.endsWith(`${README_END} after`));
  assert.ok(!renewed.includes('stale') && renewed.includes('`keepalive_interval`'));
  assert.equal(renewReadme(renewed), renewed);
  assert.equal(renewReadme('no marks'), 'no marks');
});
