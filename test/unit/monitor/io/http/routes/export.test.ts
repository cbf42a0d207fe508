import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { alertOf, transitionOf } from '../../samples.ts';
import { NO_NEWS, type Served, serve } from '../served.ts';

describe('/api/export', () => {
  let served: Served;
  beforeEach(async () => {
    served = await serve();
  });
  afterEach(() => served.close());

  async function linesOf(kind: string): Promise<Record<string, unknown>[]> {
    const response = await fetch(`${served.url}/api/export?kind=${kind}`);
    assert.equal(response.headers.get('content-type'), 'application/jsonl');
    return (await response.text())
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
  }

  it('gives every device', async () => {
    assert.deepEqual(
      (await linesOf('devices')).map(({ device, state }) => [device, state]),
      [
        ['a', 'unknown'],
        ['b', 'dead'],
        ['c', 'left'],
      ],
    );
  });

  it('is not run for a HEAD, which would make all of it for nothing', async () => {
    const response = await fetch(`${served.url}/api/export?kind=devices`, { method: 'HEAD' });
    assert.deepEqual([response.status, response.headers.get('allow')], [405, 'GET']);
  });

  it('gives every transition once, however many pages they take', async () => {
    const many = Array.from({ length: 1700 }, (_, n) => transitionOf(`x${n % 3}`, n + 1));
    await served.store.commit({ ...NO_NEWS, transitions: many });
    const lines = await linesOf('transitions');
    assert.equal(lines.length, 1703);
    assert.equal(new Set(lines.map(({ device, sequence }) => `${device}:${sequence}`)).size, 1703);
    assert.deepEqual([lines[0]?.device, lines[0]?.sequence], ['b', 1]);
  });

  it('gives resolved alerts, then those that are open', async () => {
    const many = Array.from({ length: 1200 }, (_, n) => alertOf('x', n, { resolvedMs: 6000 + (n % 7) }));
    await served.store.commit({ ...NO_NEWS, alerts: many });
    const lines = await linesOf('alerts');
    assert.equal(lines.length, 1202);
    assert.deepEqual([lines[0]?.id, lines.at(-1)?.id, lines.at(-1)?.resolved_at], ['c:1', 'b:2', null]);
  });
});
