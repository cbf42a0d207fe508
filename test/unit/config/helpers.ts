import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { ConfigError } from '../../../config/config-error.ts';
import { type LoadOptions, loadAgentSettings, loadMonitorSettings } from '../../../config/load.ts';

/** Options with nothing but a host name. */
export const BARE: LoadOptions = { env: {}, hostname: 'host-1' };

/** Writes files into a folder that goes with the test; returns their paths. */
export function writeFiles(
  context: TestContext,
  files: Readonly<Record<string, string | Uint8Array>>,
): Record<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'khd-config-'));
  context.after(() => rmSync(folder, { recursive: true }));
  return Object.fromEntries(
    Object.entries(files).map(([name, content]) => {
      writeFileSync(join(folder, name), content);
      return [name, join(folder, name)];
    }),
  );
}

/** What a refused configuration says. */
export function refusal(load: () => unknown): ConfigError {
  try {
    load();
  } catch (error) {
    assert.ok(error instanceof ConfigError, `not a ConfigError: ${error}`);
    assert.equal(error.code, 'CONFIG_INVALID');
    return error;
  }
  assert.fail('the configuration was accepted');
}

export const agentWith = (overrides: Readonly<Record<string, string>>) =>
  loadAgentSettings({ ...BARE, overrides: Object.entries(overrides) });

export const monitorWith = (overrides: Readonly<Record<string, string>>) =>
  loadMonitorSettings({ ...BARE, overrides: Object.entries(overrides) });
