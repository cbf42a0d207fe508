/**
 * The production outbox among receivers that are slow, down for an hour, wrong, limited, flaky or poisoned by one
 * device, through restarts and kills, in simulated time: nothing lost, order kept per device, nobody delayed by
 * another.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Outbox } from '../../../monitor/io/outbox.ts';
import type { DeliveryAnswer, Sink } from '../../../monitor/io/sinks/sink.ts';
import { MemoryStore } from '../../../monitor/io/stores/memory.ts';
import { NO_NEWS } from '../../../monitor/io/stores/store.ts';
import type { OutboxMessage } from '../../../monitor/policy/device.ts';
import { noticeSubject } from '../../../monitor/policy/notice.ts';
import { FakeClock, FakeLog } from '../../unit/monitor/io/fakes.ts';
import { messageOf } from '../../unit/monitor/io/samples.ts';
import { between, seeded } from '../../unit/protocol/seeded.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DEVICES = 60;
const POISONED = 'device-7';
const POISON: DeliveryAnswer = { retryAfterMs: null, error: 'HTTP 500' };

/** What a receiver does with a message at `nowMs`: how long it takes, and what it answers. */
type Mood = (
  message: OutboxMessage,
  nowMs: number,
  random: () => number,
) => { ms: number; answer: DeliveryAnswer };

const down = (error: string): DeliveryAnswer => ({ retryAfterMs: null, error });
const inOutage = (nowMs: number): boolean => nowMs > 20 * MINUTE_MS && nowMs < 80 * MINUTE_MS;

const MOODS: Readonly<Record<string, Mood>> = {
  good: () => ({ ms: 5, answer: 'delivered' }),
  slow: () => ({ ms: 8 * SECOND_MS, answer: 'delivered' }),
  down: (_message, nowMs) =>
    inOutage(nowMs) ? { ms: 1, answer: down('ECONNREFUSED') } : { ms: 20, answer: 'delivered' },
  wrong: (_message, nowMs) =>
    inOutage(nowMs) ? { ms: 20, answer: down('HTTP 301') } : { ms: 20, answer: 'delivered' },
  limited: (_message, _nowMs, random) =>
    random() < 0.3
      ? { ms: 10, answer: { retryAfterMs: 30 * SECOND_MS, error: 'HTTP 429' } }
      : { ms: 10, answer: 'delivered' },
  flaky(_message, _nowMs, random) {
    const luck = random();
    if (luck < 0.2) return { ms: 10 * SECOND_MS, answer: down('no answer in time') };
    if (luck < 0.5) return { ms: 50, answer: down('HTTP 500') };
    return { ms: 50, answer: luck < 0.6 ? down('cut off after it took the message') : 'delivered' };
  },
  poisoned: (message) => ({
    ms: 10,
    answer: noticeSubject(message.notice) === POISONED ? POISON : 'delivered',
  }),
};

interface Accepted {
  readonly key: string;
  readonly subject: string;
  readonly atMs: number;
}

/** One life of the monitor: after `kill` nothing of it comes through any more. */
class Life {
  readonly outbox: Outbox;
  #alive = true;

  constructor(
    store: MemoryStore,
    clock: FakeClock,
    random: () => number,
    accepted: ReadonlyMap<string, Accepted[]>,
  ) {
    const alive = (): boolean => this.#alive;
    const mortal = new Proxy(store, {
      get(target, name) {
        if (name === 'settle') {
          return (message: OutboxMessage) => (alive() ? target.settle(message) : new Promise(() => {}));
        }
        const value = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const sinks = Object.entries(MOODS).map(([name, mood]): Sink => {
      const deliver = async (message: OutboxMessage): Promise<DeliveryAnswer> => {
        const { ms, answer } = mood(message, clock.now().monotonicMs, random);
        await new Promise<void>((resolve) => void clock.after(ms, resolve));
        if (!alive()) return new Promise(() => {});
        const tookIt = answer === 'delivered' || ('error' in answer && answer.error.includes('took'));
        if (tookIt) {
          const subject = noticeSubject(message.notice);
          const atMs = clock.now().monotonicMs;
          accepted.get(name)?.push({ key: message.idempotencyKey, subject, atMs });
        }
        return answer;
      };
      return { name, concurrency: 4, deliver };
    });
    const delivery = { minDelaySeconds: 1, maxDelaySeconds: 300 };
    this.outbox = new Outbox({ store: mortal, sinks, delivery, clock, random, log: new FakeLog() });
  }

  kill(): void {
    this.#alive = false;
    void this.outbox.stop();
  }
}

for (const seed of [3, 77, 20_261]) {
  test(`what is owed arrives, whatever the receivers do and whenever the monitor dies (seed ${seed})`, async () => {
    const random = seeded(seed);
    const clock = new FakeClock();
    const store = new MemoryStore();
    const accepted = new Map(Object.keys(MOODS).map((sink) => [sink, [] as Accepted[]]));
    const owed = new Map<string, number>();
    const kills: number[] = [];
    let life = new Life(store, clock, random, accepted);
    const sequences = new Map<string, number>();

    for (let minute = 0; minute < 120; minute += 1) {
      for (let news = between(random, 0, 4); news > 0; news -= 1) {
        const device = `device-${between(random, 0, DEVICES - 1)}`;
        const sequence = (sequences.get(device) ?? 0) + 1;
        sequences.set(device, sequence);
        const messages = Object.keys(MOODS).map((sink) => messageOf(sink, device, sequence));
        await store.commit({ ...NO_NEWS, messages });
        owed.set(`${device}:1:${sequence}`, clock.now().monotonicMs);
        life.outbox.wake();
      }
      await clock.pass(between(random, 1, MINUTE_MS));
      if (random() < 0.1) {
        life.kill();
        kills.push(clock.now().monotonicMs);
        life = new Life(store, clock, random, accepted);
        life.outbox.wake();
      }
    }
    await clock.pass(3 * HOUR_MS);

    for (const [sink, arrived] of accepted) {
      const poisoned = sink === 'poisoned' ? POISONED : null;
      const missing = new Set(owed.keys());
      const reached = new Map<string, number>();
      for (const { key, subject, atMs } of arrived) {
        missing.delete(key);
        const sequence = Number(key.split(':')[2]);
        const before = reached.get(subject) ?? 0;
        // Again at most what was not recorded before a kill or a failure, and never out of order.
        assert.ok(sequence === before + 1 || sequence === before, `${sink} got ${key} after ${before}`);
        reached.set(subject, sequence);
        if (sink !== 'good' || sequence === before) continue;
        const delayMs = atMs - (owed.get(key) ?? 0);
        const killed = kills.some((killMs) => Math.abs(killMs - atMs) < SECOND_MS);
        assert.ok(killed || delayMs < SECOND_MS, `the good one waited ${delayMs} ms for ${key}`);
      }
      const lost = [...missing].filter((key) => !key.startsWith(`${poisoned}:`));
      assert.deepEqual(lost, [], `${sink} was never told`);
      const stillOwed = poisoned === null ? 0 : (sequences.get(poisoned) ?? 0);
      assert.equal(store.pendingCount(sink), stillOwed, `${sink} is still owed`);
    }
    await life.outbox.stop();
  });
}
