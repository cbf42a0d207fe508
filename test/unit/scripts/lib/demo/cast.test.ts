/** The configurations that the demo writes, through the loaders that will read them. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadAgentSettings, loadMonitorSettings } from '../../../../../config/load.ts';
import { agentConfig, CAST, GRACE_SECONDS, monitorConfig } from '../../../../../scripts/lib/demo/cast.ts';

function withFile<T>(content: string, use: (file: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'khd-cast-'));
  const file = join(folder, 'a.json5');
  writeFileSync(file, content);
  try {
    return use(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('every agent’s configuration loads and means what the cast says', () => {
  for (const member of CAST) {
    const text = agentConfig(member, { brokerPort: 1234, sysfsRoot: '/sys', stateDirectory: '/var/lib/x' });
    const settings = withFile(text, (file) => loadAgentSettings({ file, env: {}, hostname: 'h' }));
    assert.equal(settings.device.name, member.device);
    assert.equal(settings.keepalive.intervalSeconds, member.baseIntervalSeconds);
    assert.equal(settings.keepalive.adaptive, member.adaptiveMode);
    assert.equal(settings.verdict.floorSeconds, 0.3);
  }
});

test('the monitor’s configuration loads', () => {
  const place = {
    brokerPort: 1,
    httpPort: 2,
    dataDirectory: '/var/lib/x',
    webhookUrl: 'http://127.0.0.1:3/',
    webhookSecret: 's',
  };
  const settings = withFile(monitorConfig(place), (file) =>
    loadMonitorSettings({ file, env: {}, hostname: 'h', overrides: [['embedded_broker.enabled', 'true']] }),
  );
  assert.equal(settings.embeddedBroker.port, 1);
  assert.equal(settings.http.port, 2);
  assert.equal(settings.liveness.graceSeconds, GRACE_SECONDS);
  assert.equal(settings.sinks.webhook?.secret, 's');
});

test('paths forget between two whole seconds, so that no promise is a tie', () => {
  for (const { pathIdleSeconds } of CAST) assert.equal(pathIdleSeconds % 1, 0.5);
});
