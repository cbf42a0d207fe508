import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { startedRollout } from '../rollout-samples.ts';
import { type Served, serve } from '../served.ts';

const TOKEN = 'correct horse';

describe('/api/configurations', () => {
  let served: Served;
  beforeEach(async () => {
    served = await serve(TOKEN);
  });
  afterEach(() => served.close());

  async function ask(
    path: string,
  ): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> {
    const headers = { Authorization: `Bearer ${TOKEN}` };
    const response = await fetch(`${served.url}/api/configurations${path}`, { headers });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  it('lists what is wanted of each target, and nothing before anything was pushed', async () => {
    assert.deepEqual((await ask('')).body, { targets: [] });
    const { hash } = await startedRollout(served);
    const wanted = { version: 1, hash };
    assert.deepEqual((await ask('')).body, { targets: [{ target: 'group:g', wanted, reports: {} }] });
  });

  it('gives a target’s document, and null for one that nothing was pushed to', async () => {
    const { hash } = await startedRollout(served);
    const { current, previous, highest_version, devices } = (await ask('/group:g')).body;
    assert.deepEqual(
      [(current as { hash: string }).hash, previous, highest_version, devices],
      [hash, null, 1, 2],
    );
    assert.deepEqual((await ask('/group:other')).body, {
      ...{ target: 'group:other', current: null, previous: null, highest_version: 0, devices: 0 },
    });
  });

  it('says how many devices of a target it knows, whatever was pushed', async () => {
    assert.equal((await ask('/device:a')).body.devices, 1);
    assert.equal((await ask('/device:nobody')).body.devices, 0);
  });

  it('refuses what is no target or state, and the devices of an unknown target', async () => {
    await startedRollout(served);
    assert.equal((await ask('/fleet:g')).status, 400);
    assert.equal((await ask('/group:other/devices')).status, 404);
    assert.equal((await ask('/group:g/devices?state=happy')).status, 400);
  });
});
