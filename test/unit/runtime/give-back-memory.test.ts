import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { giveBackMemory } from '../../../runtime/give-back-memory.ts';

describe('giveBackMemory', () => {
  it('collects before the C library gives back what that has freed', () => {
    const calls: string[] = [];
    giveBackMemory({ trimHeap: () => calls.push('trim') }, () => calls.push('collect'));
    assert.deepEqual(calls, ['collect', 'collect', 'trim']);
  });

  it('collects where there is no native part', () => {
    let collected = 0;
    giveBackMemory(null, () => {
      collected += 1;
    });
    assert.ok(collected > 0);
  });

  it('stays out of a process that was not started for it', () => {
    let trimmed = 0;
    giveBackMemory({
      trimHeap: () => {
        trimmed += 1;
      },
    });
    assert.equal(trimmed, 0);
  });
});
