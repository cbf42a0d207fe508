/** Each of two monitors that share a fleet over Redis tells what happens and what has happened, whoever decided it. */
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { Cleanups } from '../support/cleanups.ts';
import { FakeDevice } from '../support/device.ts';
import { type RunningMonitor, startMonitor } from '../support/monitor.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { startRedis } from '../support/redis.ts';
import { waitFor } from '../support/wait.ts';

const PATIENCE_MS = 60_000;

type Event = readonly [type: string, data: Record<string, unknown>];

/** Listens until the test ends; what it has heard so far. */
async function listen({ http }: RunningMonitor, cleanups: Cleanups): Promise<readonly Event[]> {
  const abort = new AbortController();
  cleanups.add(() => abort.abort());
  const { status, body } = await fetch(`${http}/api/events`, { signal: abort.signal });
  assert.ok(status === 200 && body !== null);
  const heard: Event[] = [];
  const read = async (): Promise<void> => {
    let text = '';
    for await (const piece of body.pipeThrough(new TextDecoderStream())) {
      const frames = (text + piece).split('\n\n');
      text = frames.pop() ?? '';
      for (const frame of frames) {
        const [, type, data] = /^event: (\w+)\nid: .*\ndata: (.*)$/.exec(frame) ?? [];
        if (type !== undefined) heard.push([type, JSON.parse(data ?? '')]);
      }
    }
  };
  read().catch(() => {});
  return heard;
}

/** Transitions of `device` as `to`, and its alerts as `opened` or `resolved`. */
function storyOf(device: string, heard: readonly Event[]): readonly string[] {
  return heard.flatMap(([type, data]) => {
    if (data.device !== device) return [];
    if (type === 'transition') return [`${data.to}`];
    return type === 'alert' ? [data.resolved_at === null ? 'opened' : 'resolved'] : [];
  });
}

interface Past {
  readonly deaths: { readonly day: number };
  readonly availability: { readonly day: { readonly ratio: number | null } };
}

async function linesOf({ http }: RunningMonitor, kind: string): Promise<readonly Record<string, unknown>[]> {
  const text = await (await fetch(`${http}/api/export?kind=${kind}`)).text();
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
}

describe('the events of many monitors', () => {
  const cleanups = new Cleanups();
  afterEach(() => cleanups.run());

  it('are those of the whole fleet at each, once and in order, and so is their past', async () => {
    const broker = await startMosquitto();
    cleanups.add(() => broker.remove());
    const server = await startRedis(cleanups);
    const settings = {
      ...{ 'broker.url': broker.url, 'incidents.enabled': true, 'incidents.min_devices': 3 },
      ...{ 'store.engine': 'redis', 'store.redis.nodes': server.address, 'store.redis.partitions': 4 },
      'store.redis.replica_timeout': '5s',
    };
    const monitors = await Promise.all(
      [0, 1].map(() => startMonitor({ ...settings, data_directory: cleanups.folder() })),
    );
    cleanups.add(() => Promise.all(monitors.map((monitor) => monitor.end('SIGKILL'))));
    await Promise.all(monitors.map((monitor) => monitor.ready()));
    const ears = await Promise.all(monitors.map((monitor) => listen(monitor, cleanups)));

    const devices = ['a', 'b', 'c', 'd'].map((name) => new FakeDevice(name, broker.url));
    cleanups.add(() => Promise.all(devices.map((device) => device.vanish())));
    for (const device of devices) {
      await device.connect();
      await device.status('online', 1, { network: 'carrier', count: 1 });
    }
    for (const heard of ears) {
      for (const { name } of devices) {
        await waitFor(`the death of ${name}`, PATIENCE_MS, () => storyOf(name, heard).includes('opened'));
      }
      const incidents = (): readonly unknown[] => heard.filter(([type]) => type === 'incident');
      await waitFor('an incident', PATIENCE_MS, () => incidents().length > 0);
    }
    for (const device of devices) await device.probe(600);
    for (const heard of ears) {
      for (const { name } of devices) {
        await waitFor(`the return of ${name}`, PATIENCE_MS, () => storyOf(name, heard).includes('resolved'));
      }
    }
    const [first, second] = ears.map((heard) => devices.map(({ name }) => storyOf(name, heard)));
    assert.deepEqual(first, second);
    for (const story of first ?? []) {
      const told = story.filter((word) => word !== 'late');
      assert.deepEqual(told, ['alive', 'dead', 'opened', 'alive', 'resolved']);
    }

    for (const monitor of monitors) {
      const { history } = (await monitor.get('/api/devices/a')).body as { history: Past };
      assert.equal(history.deaths.day, 1);
      assert.ok((history.availability.day.ratio ?? 1) < 1);
      assert.equal((await linesOf(monitor, 'alerts')).length, 4);
      const deaths = (await linesOf(monitor, 'transitions')).filter(({ to }) => to === 'dead');
      assert.deepEqual(deaths.map(({ device }) => device).toSorted(), ['a', 'b', 'c', 'd']);
    }
  });
});
