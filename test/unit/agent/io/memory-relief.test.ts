import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { MemoryRelief } from '../../../../agent/io/memory-relief.ts';

it('memory is given back when a connection stands, and once after it has rested', async () => {
  let times = 0;
  let nowMs = 1000;
  const count = (): void => {
    times += 1;
  };
  const relief = new MemoryRelief(count, () => nowMs);
  const after = async (ms: number, act: () => void): Promise<number> => {
    nowMs += ms;
    act();
    await turn();
    return times;
  };
  const probeAcked = (): void => relief.saw({ kind: 'probeAcked', id: 1 });
  assert.equal(await after(20_000, probeAcked), 0);
  assert.equal(await after(0, () => relief.connectionStands()), 1);
  assert.equal(await after(9000, probeAcked), 1);
  assert.equal(await after(1000, () => relief.saw({ kind: 'packetReceived' })), 1);
  assert.equal(await after(0, probeAcked), 2);
  assert.equal(await after(20_000, probeAcked), 2);
  assert.equal(await after(0, () => relief.connectionStands()), 3);
  assert.equal(await after(20_000, probeAcked), 4);
});
