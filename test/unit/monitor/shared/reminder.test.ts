import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NoticeReads, OpenNotice } from '../../../../monitor/io/stores/redis/notice-reads.ts';
import { adoptedNotice } from '../../../../monitor/policy/notice-book.ts';
import { Silences } from '../../../../monitor/policy/silence.ts';
import type { Owed } from '../../../../monitor/shared/policy/owed.ts';
import { Reminder } from '../../../../monitor/shared/reminder.ts';
import { FakeClock, FakeLog } from '../io/fakes.ts';
import { alertOf } from '../io/samples.ts';

const HOUR_MS = 3_600_000;
const policy = {
  severity: { device: 'critical', incident: 'critical', criticalGroups: [] },
  routing: { routes: [], sinks: ['log'], repeatSeconds: 3600 },
} as const;

/** Notices in memory, with the orders of the real one; `fails`: the next answer gets lost. */
class Notices implements Pick<NoticeReads, 'all' | 'due' | 'commit'> {
  readonly open: OpenNotice[] = [];
  readonly wakes = new Map<string, number>();
  readonly told: string[] = [];
  looks = 0;
  fails = false;

  async *all(): AsyncGenerator<readonly OpenNotice[]> {
    yield this.open;
  }

  async due(wallMs: number): Promise<readonly OpenNotice[]> {
    this.looks += 1;
    if (this.fails) throw new Error('no answer');
    return this.open.filter(({ device }) => (this.wakes.get(device) ?? Number.POSITIVE_INFINITY) <= wallMs);
  }

  async commit(looked: readonly (readonly [OpenNotice, Owed])[]): Promise<readonly boolean[]> {
    return looked.map(([seen, { messages, notice, wakeMs }]) => {
      if (notice) this.open[this.open.indexOf(seen)] = { ...seen, record: notice };
      if (wakeMs !== null) this.wakes.set(seen.device, wakeMs);
      this.told.push(...messages.map(({ sink, event }) => `${sink} ${event} ${seen.device}`));
      return true;
    });
  }
}

describe('the reminder of a partition', () => {
  function startedWith(...devices: string[]) {
    const clock = new FakeClock();
    const notices = new Notices();
    for (const device of devices) {
      const alert = alertOf(device, 1, { openedMs: clock.now().wallMs });
      notices.open.push({ device, text: '', record: adoptedNotice(alert, ['log'], 'critical') });
    }
    const silences = new Silences([]);
    const rules = { policy, silences };
    const reads = notices as unknown as NoticeReads;
    return { clock, notices, silences, reminder: new Reminder({ reads, rules, clock, log: new FakeLog() }) };
  }

  it('looks at all after a start, and then at those that are due, once a second', async () => {
    const { clock, notices, reminder } = startedWith('a', 'b');
    await reminder.look();
    assert.deepEqual(notices.told, []);
    assert.equal(notices.wakes.size, 2);
    await reminder.look();
    assert.equal(notices.looks, 1);
    await clock.pass(HOUR_MS + 5000);
    await reminder.look();
    assert.deepEqual(notices.told, ['log reminded a', 'log reminded b']);
    await clock.pass(1000);
    await reminder.look();
    assert.equal(notices.told.length, 2);
  });

  it('goes on when the store answers again', async () => {
    const { clock, notices, reminder } = startedWith('a');
    notices.fails = true;
    await reminder.look();
    notices.fails = false;
    await clock.pass(HOUR_MS + 5000);
    await reminder.look();
    assert.deepEqual(notices.told, ['log reminded a']);
  });

  it('looks at all again when the silences are others, until the store has answered', async () => {
    const { clock, notices, silences, reminder } = startedWith();
    const alert = alertOf('a', 1, { openedMs: clock.now().wallMs });
    const record = { ...adoptedNotice(alert, [], 'critical'), held: true };
    notices.open.push({ device: 'a', text: '', record });
    silences.put({
      ...{ id: 'x', comment: '', groups: [], devices: ['a'], networks: [] },
      window: { kind: 'recurring', schedule: '* * * * *', durationSeconds: 3600 },
    });
    await reminder.look();
    assert.deepEqual([notices.told, reminder.mustReview], [[], false]);
    silences.remove('x');
    reminder.silencesChanged();
    const { all } = notices;
    notices.all = () => {
      throw new Error('no answer');
    };
    await reminder.look();
    assert.deepEqual([notices.told, reminder.mustReview], [[], true]);
    notices.all = all;
    await clock.pass(1000);
    await reminder.look();
    assert.deepEqual([notices.told, reminder.mustReview], [['log opened a'], false]);
  });
});
