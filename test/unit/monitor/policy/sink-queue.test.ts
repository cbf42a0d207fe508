import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { OutboxMessage } from '../../../../monitor/policy/device.ts';
import { type QueueAnswer, SinkQueue } from '../../../../monitor/policy/sink-queue.ts';
import { messageOf } from '../io/samples.ts';

const BOUNDS = { minDelayMs: 1000, maxDelayMs: 60_000 };
const DELIVERED: QueueAnswer = { kind: 'delivered' };
const FAILED: QueueAnswer = { kind: 'failed', error: 'HTTP 500', retryAfterMs: null };

describe('the queue of a sink', () => {
  let queue: SinkQueue;
  let owed: OutboxMessage[];
  /** What was handed out, and not answered. */
  let out: OutboxMessage[][];
  let settled: string[];

  function start(concurrency: number, batch = 1): void {
    queue = new SinkQueue({ ...BOUNDS, concurrency, batch }, () => 0);
    owed = [];
    out = [];
    settled = [];
  }
  beforeEach(() => start(4));

  function owe(...devices: string[]): void {
    for (const device of devices)
      owed.push({ ...messageOf('webhook', device, owed.length + 1), id: owed.length + 1 });
    queue.owed();
  }

  /** Carries out all tasks; the store records at once. Returns the devices handed out. */
  function pump(nowMs: number): string[] {
    const before = out.length;
    for (let task = queue.next(nowMs); task !== null; task = queue.next(nowMs)) {
      if (task.kind === 'load') {
        const { afterId } = task;
        queue.loaded(owed.filter(({ id }) => id > afterId).slice(0, 3));
      } else if (task.kind === 'deliver') out.push([...task.messages]);
      else {
        settled.push(task.message.idempotencyKey);
        queue.settled(task.message);
      }
    }
    return out.slice(before).map((messages) => messages.map(keyOf).join('+'));
  }

  const keyOf = ({ idempotencyKey }: OutboxMessage): string => idempotencyKey.replace(':1:', '');

  function answer(key: string, given: QueueAnswer, nowMs: number): string[] {
    const at = out.findIndex((messages) => messages.map(keyOf).includes(key));
    const [messages = []] = out.splice(at, 1);
    queue.answered(messages, given, nowMs);
    return pump(nowMs);
  }

  it('hands out one of each subject at a time, as many subjects as the sink takes', () => {
    owe('a', 'a', 'b', 'c', 'd', 'e');
    assert.deepEqual(pump(0), ['a1', 'b3', 'c4', 'd5']);
    assert.deepEqual(answer('c4', DELIVERED, 1), ['e6']);
    assert.deepEqual(answer('a1', DELIVERED, 2), ['a2']);
    assert.deepEqual(settled, ['c:1:4', 'a:1:1']);
  });

  it('drops what another has settled, and goes on with what is still owed', () => {
    start(4, 2);
    owe('a', 'b', 'b');
    pump(0);
    const [batch = []] = out;
    const gone = batch.filter((message) => keyOf(message) === 'b2');
    assert.deepEqual(answer('b2', { kind: 'withdrawn', gone }, 1), ['a1+b3']);
    answer('a1', DELIVERED, 2);
    assert.deepEqual(settled, ['a:1:1', 'b:1:3']);
  });

  it('waits when the store cannot say what is owed, and does not blame the sink', () => {
    owe('a');
    pump(0);
    assert.deepEqual(answer('a1', { kind: 'postponed' }, 1), []);
    assert.equal(queue.view(1).failures, 0);
    const wakeMs = queue.wakeAtMs(1) ?? assert.fail('it is never tried again');
    assert.deepEqual(pump(wakeMs), ['a1']);
  });

  it('lets one subject that fails for ever hold up nobody, not even when it opened the circuit', () => {
    owe('poison');
    pump(0);
    let nowMs = 0;
    for (let round = 0; round < 8; round += 1) {
      answer('poison1', FAILED, nowMs);
      nowMs = queue.wakeAtMs(nowMs) ?? assert.fail('it is never tried again');
      pump(nowMs);
      if (out.length === 0) nowMs = queue.wakeAtMs(nowMs) ?? nowMs;
      pump(nowMs);
    }
    answer('poison1', FAILED, nowMs);
    assert.equal(queue.view(nowMs).circuit, 'open');
    owe('a', 'poison', 'b');
    assert.deepEqual(pump(nowMs + 1), ['a2']);
    assert.deepEqual(answer('a2', DELIVERED, nowMs + 2).sort(), ['b4', 'poison1']);
    assert.equal(queue.view(nowMs + 2).circuit, 'closed');
  });

  it('leaves a sink alone that fails everybody, then tries one, then all', () => {
    owe('a', 'b', 'c', 'd', 'e', 'f');
    pump(0);
    for (const key of ['a1', 'b2', 'c3', 'd4']) answer(key, FAILED, 10);
    assert.deepEqual(out.flat().map(keyOf), ['e5', 'f6']);
    answer('e5', FAILED, 10);
    assert.equal(queue.view(10).circuit, 'open');
    answer('f6', FAILED, 11);
    owe('g');
    assert.deepEqual(pump(500), []);
    const wakeMs = queue.wakeAtMs(500) ?? 0;
    assert.ok(wakeMs >= 1010, String(wakeMs));
    // The one that has not failed yet.
    assert.deepEqual(pump(5000), ['g7']);
    assert.deepEqual(answer('g7', DELIVERED, 5100).sort(), ['a1', 'b2', 'c3', 'd4']);
  });

  it('waits as long as the sink asks, with everything', () => {
    owe('a', 'b');
    start(1);
    owe('a', 'b');
    pump(0);
    answer('a1', { kind: 'failed', error: 'HTTP 429', retryAfterMs: 90_000 }, 0);
    assert.deepEqual(pump(89_999), []);
    assert.equal(queue.wakeAtMs(0), 90_000);
    assert.deepEqual(pump(90_000), ['b2']);
  });

  it('repeats the recording of an answer, never the delivery', () => {
    owe('a', 'a');
    pump(0);
    queue.answered(out.pop() ?? [], DELIVERED, 0);
    const task = queue.next(0);
    assert.ok(task?.kind === 'settle');
    queue.settleFailed(task.message, 0);
    assert.equal(queue.next(0), null);
    const wakeMs = queue.wakeAtMs(0) ?? assert.fail('the recording is forgotten');
    assert.deepEqual(pump(wakeMs), ['a2']);
    assert.deepEqual(settled, ['a:1:1']);
  });

  it('sends many together where the sink takes them, and alone what was refused in company', () => {
    start(1, 3);
    owe('a', 'b', 'a', 'c', 'd');
    assert.deepEqual(pump(0), ['a1+b2+c4']);
    assert.deepEqual(answer('a1', { kind: 'refused' }, 0), ['d5']);
    assert.deepEqual(answer('d5', DELIVERED, 0), ['a1']);
    assert.deepEqual(answer('a1', { kind: 'refused' }, 0), ['b2']);
    assert.deepEqual(answer('b2', DELIVERED, 0), ['c4']);
    assert.deepEqual(answer('c4', DELIVERED, 0), ['a3']);
    assert.deepEqual(settled, ['d:1:5', 'a:1:1', 'b:1:2', 'c:1:4']);
  });

  it('hands out nothing more once it is stopped, and still records', () => {
    owe('a', 'a', 'b');
    pump(0);
    queue.stop();
    assert.deepEqual(answer('a1', DELIVERED, 0), []);
    assert.deepEqual(settled, ['a:1:1']);
    assert.equal(queue.wakeAtMs(0), null);
  });
});
