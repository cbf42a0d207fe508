/** What devices learn of a network, from their reports to the retained knowledge that newcomers read. */
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import {
  encodeNetworkReport,
  type IdleTimeoutRange,
  type NetworkKnowledge,
  parseNetworkKnowledge,
} from '../../../protocol/network-knowledge.ts';
import { networkKnowledgeTopic, networkReportTopic } from '../../../protocol/topics.ts';
import { Cleanups } from '../support/cleanups.ts';
import { FakeDevice } from '../support/device.ts';
import { startMonitor } from '../support/monitor.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { waitFor } from '../support/wait.ts';

const KEY = '3f9a-01';
const TOPIC = networkKnowledgeTopic(KEY);

describe('fleet knowledge', () => {
  const cleanups = new Cleanups();
  afterEach(() => cleanups.run());

  async function device(name: string, url: string, listensTo: readonly string[] = []): Promise<FakeDevice> {
    const fake = new FakeDevice(name, url, listensTo);
    cleanups.add(() => fake.vanish());
    await fake.connect();
    return fake;
  }

  function report(from: FakeDevice, summary: IdleTimeoutRange | null, network = KEY): Promise<void> {
    return from.publish(
      networkReportTopic(from.name),
      encodeNetworkReport({ network, epoch: 1, summary }),
      true,
    );
  }

  function knowledge(of: FakeDevice): NetworkKnowledge | null {
    const parsed = parseNetworkKnowledge(new TextEncoder().encode(of.heard.get(TOPIC)));
    return parsed.ok ? parsed.knowledge : null;
  }

  it('reaches whoever joins, survives a restart of monitor and broker, and goes when it is withdrawn', async () => {
    const broker = await startMosquitto();
    cleanups.add(() => broker.remove());
    const settings = { 'broker.url': broker.url, data_directory: cleanups.folder(), 'log.level': 'debug' };
    let monitor = await startMonitor(settings);
    cleanups.add(() => monitor.end('SIGKILL'));
    await monitor.ready();

    const first = await device('d1', broker.url);
    await report(first, { survivesSeconds: 341.2, forgetsSeconds: 352 });
    const waiting = await device('waiting', broker.url, [TOPIC]);
    const alone = await waitFor('the word of one', 5000, () => knowledge(waiting));
    assert.deepEqual(alone.summary, { survivesSeconds: 341.2, forgetsSeconds: 352 });
    assert.ok(alone.weight < 1);

    const second = await device('d2', broker.url);
    await report(second, { survivesSeconds: 338, forgetsSeconds: 355 });
    const liar = await device('d3', broker.url);
    await report(liar, { survivesSeconds: 14_000, forgetsSeconds: null });
    await waitFor('three reports', 5000, async () => {
      const { body } = await monitor.get('/api/networks');
      return JSON.stringify(body).includes('"reports":3');
    });
    const agreed = { survivesSeconds: 338, forgetsSeconds: 355 };
    const newcomer = await device('newcomer', broker.url, [TOPIC]);
    const known = await waitFor('the word of two', 5000, () => {
      const heard = knowledge(newcomer);
      return heard?.devices === 2 && heard;
    });
    assert.deepEqual(known.summary, agreed);
    assert.ok(known.weight > 1 && known.weight < 2, `${known.weight}`);

    // mosquitto forgets what it retained: all that is known then is in the monitor's store.
    for (const gone of [first, second, liar]) gone.vanish();
    await monitor.end('SIGKILL');
    await broker.stop();
    await broker.start();
    monitor = await startMonitor(settings);
    cleanups.add(() => monitor.end('SIGKILL'));
    const later = await device('later', broker.url, [TOPIC]);
    const again = await waitFor('what was known', 10_000, () => knowledge(later));
    assert.deepEqual(again.summary, agreed);
    assert.equal(again.devices, 2);
    const { body } = await monitor.get('/api/networks');
    assert.equal(body.total, 1);
    const shown = JSON.stringify(body);
    assert.ok(shown.includes(`"network":"${KEY}"`) && shown.includes('"survives_seconds":338'), shown);

    for (const name of ['d1', 'd2', 'd3']) await report(await device(name, broker.url), null);
    await waitFor('it to be taken away', 5000, () => later.heard.get(TOPIC) === '');
    await waitFor('it to leave the store', 5000, async () => {
      return (await monitor.get('/api/networks')).body.total === 0;
    });
  });

  it('counts a report that is none, and goes on', async () => {
    const broker = await startMosquitto();
    cleanups.add(() => broker.remove());
    const monitor = await startMonitor({ 'broker.url': broker.url, data_directory: cleanups.folder() });
    cleanups.add(() => monitor.end('SIGKILL'));
    await monitor.ready();
    const broken = await device('d1', broker.url, [TOPIC]);
    await broken.publish(networkReportTopic('d1'), new TextEncoder().encode('{"network":"#"}'), true);
    await report(broken, { survivesSeconds: 341, forgetsSeconds: 352 });
    await waitFor('what is known', 5000, () => knowledge(broken));
    const metrics = await (await fetch(`${monitor.http}/metrics`)).text();
    assert.match(metrics, /khd_refused_messages_total\{reason="network-bad-network"\} 1\n/);
  });
});
