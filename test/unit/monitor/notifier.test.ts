import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Notifier } from '../../../monitor/notifier.ts';
import { NoticeBook } from '../../../monitor/policy/notice-book.ts';
import { type Silence, Silences } from '../../../monitor/policy/silence.ts';
import type { Now } from '../../../monitor/policy/watch.ts';
import { FakeClock, FakeLog } from './io/fakes.ts';

const HOUR_MS = 3_600_000;

/** Its wall clock can be wrong. */
class WrongClock extends FakeClock {
  aheadMs = 0;

  override now(): Now {
    const { monotonicMs, wallMs } = super.now();
    return { monotonicMs, wallMs: wallMs + this.aheadMs };
  }
}

describe('silences and a wrong clock', () => {
  const policy = {
    routing: { sinks: [], routes: [] },
    severity: { device: 'critical', incident: 'critical', criticalGroups: [] },
  } as unknown as ConstructorParameters<typeof NoticeBook>[0];

  function started(clock: WrongClock) {
    const { wallMs } = clock.now();
    const window = { kind: 'once', fromMs: wallMs, toMs: wallMs + HOUR_MS } as const;
    const silence: Silence = { id: 's1', comment: 'works', groups: [], devices: [], networks: [], window };
    const silences = new Silences([silence]);
    const forgotten: string[] = [];
    const notifier = new Notifier({
      ...{ silences, clock, log: new FakeLog(), book: new NoticeBook(policy, silences, []) },
      keep: ({ forgottenSilences }) => void forgotten.push(...(forgottenSilences ?? [])),
      commit: async () => {},
    });
    notifier.start();
    return { notifier, forgotten };
  }

  it('a leap of years deletes no silence: it is in force again once the clock is right', async () => {
    const clock = new WrongClock();
    const { notifier, forgotten } = started(clock);
    clock.aheadMs = 20 * 365 * 24 * HOUR_MS;
    await clock.pass(HOUR_MS / 2);
    assert.deepEqual(
      notifier.silences().map(({ inForce }) => inForce),
      [false],
    );
    clock.aheadMs = 0;
    await clock.pass(60_000);
    assert.deepEqual(
      notifier.silences().map(({ inForce }) => inForce),
      [true],
    );
    assert.deepEqual(forgotten, []);
    notifier.stop();
  });

  it('one that is truly over goes a day later', async () => {
    const clock = new WrongClock();
    const { notifier, forgotten } = started(clock);
    await clock.pass(24 * HOUR_MS);
    assert.deepEqual(forgotten, []);
    await clock.pass(2 * HOUR_MS);
    assert.deepEqual(forgotten, ['s1']);
    assert.deepEqual(notifier.silences(), []);
    notifier.stop();
  });
});
