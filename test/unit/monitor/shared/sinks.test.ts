import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SinkSettings } from '../../../../config/alert-settings.ts';
import type { OpenNotices } from '../../../../monitor/shared/open-notices.ts';
import { keepTelling, sharedAlertmanager, sharedSinks } from '../../../../monitor/shared/sinks.ts';
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

const SETTINGS = { urls: ['http://127.0.0.1:9'], resendSeconds: 60, timeoutSeconds: 1 };

describe('the Alertmanager of many monitors', () => {
  /** Whose notices cannot be read; how often that was tried. */
  function started() {
    const clock = new FakeClock();
    const log = new FakeLog();
    const cleanups: (() => Promise<void>)[] = [];
    const asked: string[] = [];
    const notices = {
      // biome-ignore lint/correctness/useYield: it fails before it has anything
      async *toldTo(sink: string): AsyncGenerator<never> {
        asked.push(sink);
        throw new Error('no answer');
      },
    } as unknown as OpenNotices;
    const sink = sharedAlertmanager({ ...NONE, alertmanager: SETTINGS }, () => notices, clock, log);
    keepTelling(sink, cleanups);
    return { clock, log, cleanups, asked };
  }

  it('is asked for what is open at the start and at each interval, until the monitor stops', async () => {
    const { clock, log, cleanups, asked } = started();
    await clock.pass(150_000);
    assert.deepEqual(asked, ['alertmanager', 'alertmanager', 'alertmanager']);
    assert.deepEqual(new Set(log.events()), new Set(['resendFailed']));
    for (const cleanup of cleanups) await cleanup();
    await clock.pass(150_000);
    assert.equal(asked.length, 3);
  });

  it('is none when it is not configured', () => {
    const cleanups: (() => Promise<void>)[] = [];
    const never = (): OpenNotices => assert.fail('asked');
    keepTelling(sharedAlertmanager(NONE, never, new FakeClock(), new FakeLog()), cleanups);
    assert.deepEqual(cleanups, []);
  });
});

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
