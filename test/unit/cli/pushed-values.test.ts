import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it, type TestContext } from 'node:test';
import { documentHash, openFleetStore } from '../../../agent/io/fleet-store.ts';
import { NOTHING_PUSHED } from '../../../agent/policy/fleet/fleet.ts';
import type { FleetRecord, HeardDocument } from '../../../agent/policy/fleet/types.ts';
import {
  CONFIGURATION_TYPE,
  encodeDocument,
  formatTarget,
  type Target,
} from '../../../protocol/configuration.ts';
import { createKeyPair, type KeyPair, signCompact } from '../../../runtime/jws.ts';
import { writeFiles } from '../config/helpers.ts';

const ROOT = join(import.meta.dirname, '../../..');
const pilot: Target = { kind: 'group', name: 'pilot' };
const pump: Target = { kind: 'device', name: 'pump-17' };
const SILENT = { write: () => {}, flush: async () => {} };
let key: KeyPair;

before(async () => {
  key = await createKeyPair();
});

async function heard(target: Target, version: number, settings: object): Promise<HeardDocument> {
  const document = {
    ...{ target, version, issuedAt: 1, expiresAt: 2, confirmWithinSeconds: 60 },
    ...{ settings: settings as Record<string, unknown>, trustedKeys: null },
  };
  const text = await signCompact(encodeDocument(document), CONFIGURATION_TYPE, key);
  return { target: formatTarget(target), hash: documentHash(text), text, document };
}

interface Shown {
  readonly code: number | null;
  readonly err: string;
  /** `45 group push pilot v3` */
  readonly of: (key: string) => string;
}

/** What `config show` says on a device with this file and this record, or with `text` in place of a record. */
function show(context: TestContext, file: object, record: FleetRecord | string): Shown {
  const content = { device: { name: 'pump-17', groups: ['pilot'] }, keepalive_count: 4, ...file };
  const { 'agent.json': path = '' } = writeFiles(context, { 'agent.json': JSON.stringify(content) });
  const folder = join(path, '..');
  if (typeof record === 'string') writeFileSync(join(folder, 'fleet.json'), record);
  else openFleetStore(folder, SILENT).write(record);
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', 'cli/keepalivehd.ts', 'config', 'show', '--origin', '--json', '--config', path],
    {
      ...{ cwd: ROOT, encoding: 'utf8', timeout: 60_000 },
      env: { PATH: process.env.PATH ?? '', KHD_STATE_DIRECTORY: folder, KHD_WILL_DELAY: '13s' },
    },
  );
  const values: { key: string; value: unknown; origin: { layer: string; detail: string | null } }[] =
    JSON.parse(stdout);
  return {
    code: status,
    err: stderr,
    of(name) {
      const found = values.find((each) => each.key === name);
      return `${found?.value} ${found?.origin.layer} ${found?.origin.detail}`;
    },
  };
}

describe('config show', () => {
  it('says which value was pushed, by which document', async (context) => {
    const confirmed = [
      await heard(pump, 7, { max_interval: '34m' }),
      await heard(pilot, 3, { keepalive_interval: '45s', max_interval: '33m', will_delay: '12s' }),
    ];
    const candidate = {
      ...{ heard: await heard(pilot, 4, { keepalive_interval: '50s' }), attempt: 1 },
      revertAtSeconds: 9,
    };
    const file = { fleet: { trusted_keys: [key.x] } };
    const { code, err, of } = show(context, file, { ...NOTHING_PUSHED, confirmed, candidate });
    assert.equal(code, 0, err);
    assert.equal(of('keepalive_interval'), '45 group push pilot v3');
    assert.equal(of('max_interval'), '2040 device push v7');
    assert.equal(of('will_delay'), '13 environment KHD_WILL_DELAY');
    assert.match(of('keepalive_count'), /^4 file /);
    assert.equal(of('min_interval'), '15 default null');
    assert.equal(err, 'keepalivehd: on trial, not shown: group:pilot v4\n');
  });

  it('shows no document that does not fit, or that nobody is trusted to sign', async (context) => {
    const confirmed = [await heard(pilot, 3, { keepalive_interval: '45s', mistyped: 1 })];
    const trusting = show(context, { fleet: { trusted_keys: [key.x] } }, { ...NOTHING_PUSHED, confirmed });
    assert.match(trusting.err, /left out, .*group:pilot: mistyped: is not a known key/);
    assert.equal(trusting.of('keepalive_interval'), '30 default null');
    const good = [await heard(pilot, 3, { keepalive_interval: '45s' })];
    const off = show(context, {}, { ...NOTHING_PUSHED, confirmed: good });
    assert.equal(off.of('keepalive_interval'), '30 default null');
    assert.equal(off.err, '');
  });

  it('says that what was pushed cannot be told', (context) => {
    const { code, err, of } = show(context, { fleet: { trusted_keys: [key.x] } }, '{');
    assert.equal(code, 0);
    assert.match(err, /what was pushed is not shown: .*fleet\.json is damaged/);
    assert.equal(of('keepalive_interval'), '30 default null');
  });
});
