import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SinkSettings } from '../../../../config/alert-settings.ts';
import { sharedSinks } from '../../../../monitor/shared/sinks.ts';
import { FakeClock, FakeLog } from '../io/fakes.ts';
import { messageOf } from '../io/samples.ts';

const NONE: SinkSettings = { log: false, mqtt: false, webhook: null, alertmanager: null, command: null };
const NEVER = new AbortController().signal;

function sinksOf(settings: Partial<SinkSettings>) {
  const published: string[] = [];
  const log = new FakeLog();
  const publisher = { publish: async (topic: string) => void published.push(topic) };
  return {
    sinks: sharedSinks({ ...NONE, ...settings }, publisher, null, new FakeClock(), log),
    published,
    log,
  };
}

describe('the sinks of one of many monitors', () => {
  it('are those that are configured', () => {
    assert.deepEqual(sinksOf({}).sinks, []);
    const webhook = { url: 'http://127.0.0.1:9/', secret: null, timeoutSeconds: 1 };
    const command = { program: ['/bin/true'], timeoutSeconds: 1 };
    const all = { log: true, mqtt: true, webhook, command } as unknown as SinkSettings;
    assert.deepEqual(
      sinksOf(all).sinks.map(({ name }) => name),
      ['log', 'mqtt', 'webhook', 'command'],
    );
  });

  it('tell through the log and the broker that they were given', async () => {
    const { sinks, published, log } = sinksOf({ log: true, mqtt: true });
    const message = { ...messageOf('log', 'a', 1), id: 1 };
    for (const sink of sinks) assert.equal(await sink.deliver(message, NEVER), 'delivered');
    assert.deepEqual(published, ['khd/1/alert/a']);
    assert.deepEqual(log.events(), ['alertOpened']);
  });
});
