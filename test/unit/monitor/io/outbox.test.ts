import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { Outbox } from '../../../../monitor/io/outbox.ts';
import type { DeliveryAnswer, Sink } from '../../../../monitor/io/sinks/sink.ts';
import { MemoryStore } from '../../../../monitor/io/stores/memory.ts';
import type { OutboxMessage } from '../../../../monitor/policy/device.ts';
import { FakeClock, FakeLog } from './fakes.ts';
import { messageOf } from './samples.ts';
import { EMPTY } from './stores/contract.ts';

const PASSING: DeliveryAnswer = { retryAfterMs: null, error: 'HTTP 503' };

/** Answers as told, message by message; then 'delivered'. */
class ScriptedSink implements Sink {
  readonly name: string;
  readonly received: string[] = [];
  readonly answers: DeliveryAnswer[] = [];
  hang = false;
  fault: Error | null = null;

  constructor(name: string) {
    this.name = name;
  }

  async deliver(message: OutboxMessage, signal: AbortSignal): Promise<DeliveryAnswer> {
    if (this.fault !== null) throw this.fault;
    this.received.push(message.idempotencyKey);
    if (this.hang) {
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      return { retryAfterMs: null, error: 'stopped' };
    }
    return this.answers.shift() ?? 'delivered';
  }
}

class FlakyStore extends MemoryStore {
  settleFailures = 0;
  unreadable = false;

  override pending(sink: string, limit: number, afterId?: number): readonly OutboxMessage[] {
    if (this.unreadable) throw new Error('no readers left');
    return super.pending(sink, limit, afterId);
  }

  override async settle(message: OutboxMessage): Promise<void> {
    if (this.settleFailures > 0) {
      this.settleFailures -= 1;
      throw new Error('disk full');
    }
    await super.settle(message);
  }
}

describe('the outbox', () => {
  let clock: FakeClock;
  let store: FlakyStore;
  let webhook: ScriptedSink;
  let other: ScriptedSink;
  let outcomes: string[];
  let outbox: Outbox;
  beforeEach(async () => {
    clock = new FakeClock();
    store = new FlakyStore();
    webhook = new ScriptedSink('webhook');
    other = new ScriptedSink('log');
    outcomes = [];
    outbox = new Outbox({
      store,
      sinks: [webhook, other],
      delivery: { minDelaySeconds: 1, maxDelaySeconds: 60 },
      clock,
      random: () => 0,
      log: new FakeLog(),
      onOutcome: (sink, outcome) => outcomes.push(`${sink} ${outcome}`),
    });
    const owed = (sink: string): ReturnType<typeof messageOf>[] =>
      [1, 2, 3].map((sequence) => messageOf(sink, 'a', sequence));
    await store.commit({ ...EMPTY, messages: [...owed('webhook'), ...owed('log')] });
  });

  it('delivers in order what was owed before it was made, and settles it', async () => {
    outbox.wake();
    await clock.pass(0);
    assert.deepEqual(webhook.received, ['a:1:1', 'a:1:2', 'a:1:3']);
    assert.deepEqual(other.received, webhook.received);
    assert.equal(store.pendingCount('webhook') + store.pendingCount('log'), 0);
  });

  it('holds the line of a failing sink, lets the others go on, and overtakes nothing', async () => {
    webhook.answers.push(PASSING, PASSING);
    outbox.wake();
    await clock.pass(0);
    outbox.wake();
    await clock.pass(0);
    assert.deepEqual(webhook.received, ['a:1:1']);
    assert.equal(store.pendingCount('log'), 0);
    assert.equal(store.pendingCount('webhook'), 3);
    await clock.pass(999);
    assert.equal(webhook.received.length, 1);
    await clock.pass(60_000);
    assert.deepEqual(webhook.received, ['a:1:1', 'a:1:1', 'a:1:1', 'a:1:2', 'a:1:3']);
    assert.deepEqual(
      outcomes.filter((outcome) => outcome.startsWith('webhook')),
      ['webhook passing', 'webhook passing', ...Array(3).fill('webhook delivered')],
    );
  });

  it('lets go of what is refused for good', async () => {
    webhook.answers.push({ refused: 'HTTP 400' });
    outbox.wake();
    await clock.pass(0);
    assert.deepEqual(webhook.received, ['a:1:1', 'a:1:2', 'a:1:3']);
    assert.equal(store.pendingCount('webhook'), 0);
    assert.equal(outcomes.filter((outcome) => outcome === 'webhook refused').length, 1);
  });

  it('never tells a sink twice because the store could not record its yes', async () => {
    store.settleFailures = 3;
    outbox.wake();
    await clock.pass(120_000);
    assert.deepEqual([...webhook.received, ...other.received].sort(), [
      ...['a:1:1', 'a:1:1', 'a:1:2', 'a:1:2', 'a:1:3', 'a:1:3'],
    ]);
    assert.equal(store.pendingCount('webhook') + store.pendingCount('log'), 0);
  });

  it('still owes what a sink threw at, and tells the others', async () => {
    webhook.fault = new Error('no descriptors left');
    outbox.wake();
    await clock.pass(0);
    assert.equal(store.pendingCount('webhook'), 3);
    assert.equal(store.pendingCount('log'), 0);
    webhook.fault = null;
    await clock.pass(60_000);
    assert.equal(store.pendingCount('webhook'), 0);
  });

  it('delivers again once the store can be read again', async () => {
    store.unreadable = true;
    assert.throws(() => outbox.wake(), /no readers left/);
    store.unreadable = false;
    outbox.wake();
    await clock.pass(0);
    assert.equal(webhook.received.length, 3);
  });

  it('stops in the middle of a delivery, which stays owed', async () => {
    webhook.hang = true;
    outbox.wake();
    await clock.pass(0);
    await outbox.stop();
    await clock.pass(60_000);
    assert.deepEqual(webhook.received, ['a:1:1']);
    assert.equal(store.pendingCount('webhook'), 3);
    assert.equal(store.pendingCount('log'), 0);
  });

  it('asks before each delivery what is still owed, and sends nothing that another has told', async () => {
    let isAway = true;
    const shared = Object.assign(store, {
      goneOf: async (messages: readonly OutboxMessage[]) => {
        if (isAway) throw new Error('no answer');
        return messages.filter(({ idempotencyKey }) => idempotencyKey === 'a:1:1');
      },
    });
    assert.equal(shared, store);
    outbox.wake();
    await clock.pass(10);
    assert.deepEqual(webhook.received, []);
    isAway = false;
    await clock.pass(5000);
    assert.deepEqual(webhook.received, ['a:1:2', 'a:1:3']);
    assert.equal(outbox.views()[0]?.circuit, 'closed');
  });
});
