import assert from 'node:assert/strict';
import { it } from 'node:test';
import { sayGoodbye } from '../../../load/goodbye.ts';
import type { Batch } from '../../../load/io/batch.ts';

/** A connection as far as a goodbye looks at it. */
function batchOf(socket: { up: boolean; ready: boolean }): {
  readonly batch: Batch;
  readonly flushes: () => number;
} {
  let flushes = 0;
  const flush = (): void => {
    flushes += 1;
  };
  return { batch: { socket, flush } as unknown as Batch, flushes: () => flushes };
}

it('lets every device that has last words say them once, and hands them over', async () => {
  const { batch, flushes } = batchOf({ up: true, ready: true });
  const heard: number[] = [];
  const leave = (device: number): boolean => device % 3 !== 0 && heard.push(device) > 0;
  const said = await sayGoodbye({ devices: 30, batches: [batch], leave, isHurried: () => false });
  assert.deepEqual(
    heard,
    Array.from({ length: 30 }, (_, device) => device).filter((device) => device % 3 !== 0),
  );
  assert.equal(said, 20);
  assert.ok(flushes() > 0);
});

it('ends when it is hurried, and when no connection is left', async () => {
  const leave = (): boolean => true;
  const up = batchOf({ up: true, ready: true }).batch;
  const down = batchOf({ up: false, ready: false }).batch;
  assert.equal(await sayGoodbye({ devices: 1e6, batches: [up], leave, isHurried: () => true }), 0);
  assert.equal(await sayGoodbye({ devices: 1e6, batches: [down, down], leave, isHurried: () => false }), 0);
});

it('hands nothing to a connection that takes no more, until it does', async () => {
  const socket = { up: true, ready: false };
  let looks = 0;
  const isHurried = (): boolean => {
    looks += 1;
    socket.ready = looks > 3;
    return false;
  };
  const leave = (): boolean => {
    assert.ok(socket.ready);
    return true;
  };
  const { batch } = batchOf(socket);
  assert.equal(await sayGoodbye({ devices: 5, batches: [batch], leave, isHurried }), 5);
});
