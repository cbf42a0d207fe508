import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RedisArgument, RedisClient } from '../../../../../../monitor/io/stores/redis/client.ts';
import { partitionKeys } from '../../../../../../monitor/io/stores/redis/keys.ts';
import { OutboxStream } from '../../../../../../monitor/io/stores/redis/outbox-stream.ts';
import { FakeLog } from '../../fakes.ts';
import { messageOf } from '../../samples.ts';

type Row = [id: string, fields: string[]];

/** One stream with one group, as far as the outbox uses it; ids are numbers. */
class OneStream implements RedisClient {
  readonly #rows = new Map<number, Row>();
  /** Taken and not acknowledged. */
  readonly taken = new Set<number>();
  /** Who has what is taken. */
  owner = 'me';
  #read = 0;
  #last = 0;
  /** Whose answers get lost: carried out, and the caller is told that nobody answered. */
  loseAnswerTo: string | null = null;

  owe(device: string): void {
    this.#last += 1;
    const id = this.#last;
    this.#rows.set(id, [String(id), ['message', JSON.stringify(messageOf('log', device, id))]]);
  }

  /** As if another replica had taken them and died. */
  takeAll(): void {
    for (const id of this.#rows.keys()) this.taken.add(id);
    this.#read = this.#last;
  }

  get length(): number {
    return this.#rows.size;
  }

  async command(name: string, args: readonly RedisArgument[]): Promise<unknown> {
    const answer = this.#carryOut(name, args);
    if (this.loseAnswerTo !== name) return answer;
    this.loseAnswerTo = null;
    throw new Error('Command timed out');
  }

  async sequence(commands: readonly (readonly [string, ...RedisArgument[]])[]): Promise<readonly unknown[]> {
    return Promise.all(commands.map(([name, ...args]) => this.command(name, args)));
  }

  async script(): Promise<unknown> {
    throw new Error('no scripts here');
  }

  close(): void {}

  #carryOut(name: string, args: readonly RedisArgument[]): unknown {
    switch (name) {
      case 'XAUTOCLAIM': {
        const from = Number.parseInt(String(args[4]), 10);
        const ids = [...this.taken].filter((id) => id >= from).sort((a, b) => a - b);
        const count = Number(args[6]);
        const next = ids[count];
        return [next === undefined ? '0-0' : String(next), this.#rowsOf(ids.slice(0, count))];
      }
      case 'XREADGROUP': {
        const ids = [...this.#rows.keys()].filter((id) => id > this.#read).slice(0, Number(args[4]));
        if (ids.length === 0) return null;
        for (const id of ids) this.taken.add(id);
        this.#read = ids.at(-1) ?? this.#read;
        return [['key', this.#rowsOf(ids)]];
      }
      case 'XPENDING':
        return this.taken.has(Number(args[2])) && this.owner === args[5] ? [[args[2], args[5], 0, 1]] : [];
      case 'XACK':
        return this.taken.delete(Number(args[2]));
      case 'XDEL':
        return this.#rows.delete(Number(args[1]));
      default:
        throw new Error(`unexpected ${name}`);
    }
  }

  #rowsOf(ids: readonly number[]): Row[] {
    return ids.map((id) => this.#rows.get(id) as Row);
  }
}

describe('the outbox stream', () => {
  let redis: OneStream;
  let stream: OutboxStream;
  beforeEach(() => {
    redis = new OneStream();
    stream = new OutboxStream({
      redis,
      keys: [partitionKeys('khd', 0)],
      sinks: ['log'],
      replica: 'me',
      waitReplicas: 0,
      log: new FakeLog(),
      onOwed: () => {},
    });
  });

  /** Ticks until nothing new comes; returns the devices told of, in order, each settled. */
  async function deliverAll(): Promise<string[]> {
    const told: string[] = [];
    for (let tick = 0; tick < 12; tick += 1) {
      stream.serve(0, true, [redis.length]);
      for (let turn = 0; turn < 3; turn += 1) await nextTurn();
      for (const message of stream.pending('log', 1000)) {
        told.push(message.notice.kind === 'alert' ? message.notice.alert.device : '');
        await stream.settle(message);
      }
    }
    return told;
  }

  const names = (count: number): string[] => Array.from({ length: count }, (_, at) => `d${at + 1}`);

  for (const command of ['XREADGROUP', 'XAUTOCLAIM']) {
    it(`delivers what was taken when the answer to ${command} got lost`, async () => {
      redis.owe('d1');
      if (command === 'XAUTOCLAIM') redis.takeAll();
      redis.owe('d2');
      redis.loseAnswerTo = command;
      assert.deepEqual(await deliverAll(), ['d1', 'd2']);
      assert.equal(redis.length, 0);
    });
  }

  it('knows what another took over and told meanwhile, also before it hears of its lost turn', async () => {
    redis.owe('d1');
    redis.owe('d2');
    stream.serve(0, true, [2]);
    for (let turn = 0; turn < 3; turn += 1) await nextTurn();
    const [first, second] = stream.pending('log', 9);
    assert.ok(first && second);
    assert.deepEqual(await stream.goneOf([first, second]), []);
    await redis.command('XACK', ['key', 'deliver', '1']);
    assert.deepEqual(await stream.goneOf([first, second]), [first]);
    redis.owner = 'another';
    assert.deepEqual(await stream.goneOf([first, second]), [first, second]);
    assert.equal(stream.pendingCount('log'), 0);
  });

  it('takes over all that another had taken, however much, before what is newer', async () => {
    for (const name of names(250)) redis.owe(name);
    redis.takeAll();
    redis.owe('d251');
    assert.deepEqual(await deliverAll(), names(251));
    assert.equal(redis.taken.size, 0);
  });
});
