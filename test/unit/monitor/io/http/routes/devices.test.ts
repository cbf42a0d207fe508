import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { at, probe } from '../../../policy/fixtures.ts';
import { type Served, serve } from '../served.ts';

interface Page {
  readonly total: number | null;
  readonly devices: readonly { readonly device: string }[];
  readonly next: string | null;
}

describe('/api/devices', () => {
  let served: Served;
  beforeEach(async () => {
    served = await serve();
  });
  afterEach(() => served.close());

  async function get<T>(path: string): Promise<T> {
    const response = await fetch(`${served.url}${path}`);
    assert.equal(response.status, 200, path);
    return (await response.json()) as T;
  }

  it('gives all devices page by page, each once, while others come', async () => {
    for (let n = 0; n < 12_000; n += 1) served.watch.probeHeard(`x${n}`, probe(), at(0));
    const seen: string[] = [];
    for (let path: string | null = '/api/devices?limit=5000'; path !== null; ) {
      const page: Page = await get<Page>(path);
      assert.ok(page.devices.length <= 5000);
      seen.push(...page.devices.map(({ device }) => device));
      path = page.next === null ? null : `/api/devices?limit=5000&cursor=${page.next}`;
      served.watch.probeHeard(`y${seen.length}`, probe(), at(0));
    }
    assert.equal(new Set(seen).size, seen.length);
    assert.ok(seen.length >= 12_003);
  });

  it('finds the one among thousands, and knows the total only of a state', async () => {
    for (let n = 0; n < 12_000; n += 1) served.watch.probeHeard(`x${n}`, probe(), at(0));
    const { devices, total, next } = await get<Page>('/api/devices?q=X11999');
    assert.deepEqual([devices.map(({ device }) => device), total, next], [['x11999'], null, null]);
    assert.equal((await get<Page>('/api/devices?state=alive&limit=1')).total, 12_000);
    assert.deepEqual(
      (await get<Page>('/api/devices?group=g&network=n1')).devices.map(({ device }) => device),
      ['a'],
    );
  });

  it('gives a device its past: availability, lapses, samples', async () => {
    interface Detail {
      readonly history: {
        readonly availability: Record<'day', { ratio: number; up_seconds: number; known_seconds: number }>;
        readonly deaths: Record<string, number>;
        readonly hourly: readonly Record<string, unknown>[];
        readonly reconnects_per_day: number | null;
      };
    }
    const { history } = await get<Detail>('/api/devices/b');
    // Two hours ago first heard, silent since one hour.
    assert.deepEqual(history.availability.day, { ratio: 0.5, up_seconds: 3600, known_seconds: 7200 });
    assert.deepEqual(history.deaths, { day: 1, week: 1, month: 1 });
    const vitals = { batteryPercent: 50, signalDbm: null, rttMs: 20, reconnects: 1 };
    served.watch.probeHeard('a', probe(60_000, vitals), served.clock.now());
    await served.clock.pass(10_000);
    served.watch.probeHeard('a', probe(60_000, { ...vitals, reconnects: 3 }), served.clock.now());
    await served.clock.pass(2 * 3_600_000);
    const samples = (await get<Detail>('/api/devices/a')).history;
    assert.deepEqual(
      samples.hourly.map(({ reconnects }) => reconnects),
      [1, 3, 3],
    );
    assert.ok((samples.reconnects_per_day ?? 0) > 20);
  });
});
