import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { madeBy, open, seal } from '../../../../runtime/code-cache/format.ts';

const NODE = { node: '20.20.2', v8: '11.3' };
const OPTIONS = ['--jitless', '--expose-gc'];
const MAKER = madeBy(NODE, 'arm', OPTIONS);
const PROGRAM = '(function () { return 1; })';
const CODE = Uint8Array.from([0, 10, 255, 3, 10]);

describe('the file of byte code', () => {
  it('gives back what was put into it', () => {
    assert.deepEqual([...(open(MAKER, PROGRAM, seal(MAKER, PROGRAM, CODE)) ?? [])], [...CODE]);
  });

  it('is nothing to another Node, processor or option', () => {
    const file = seal(MAKER, PROGRAM, CODE);
    const others = [
      madeBy({ ...NODE, node: '20.20.3' }, 'arm', OPTIONS),
      madeBy({ ...NODE, v8: '11.4' }, 'arm', OPTIONS),
      madeBy(NODE, 'arm64', OPTIONS),
      madeBy(NODE, 'arm', ['--jitless']),
      madeBy(NODE, 'arm', []),
    ];
    for (const other of others) assert.equal(open(other, PROGRAM, file), null, other);
  });

  it('is nothing to a program of the same length', () => {
    const file = seal(MAKER, PROGRAM, CODE);
    assert.equal(open(MAKER, PROGRAM.replace('1', '2'), file), null);
  });

  it('is nothing once any one bit of it is lost, or a part of it', () => {
    const file = seal(MAKER, PROGRAM, CODE);
    for (let bit = 0; bit < file.length * 8; bit += 1) {
      const damaged = Uint8Array.from(file);
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.equal(open(MAKER, PROGRAM, damaged), null, `bit ${bit}`);
    }
    for (let length = 0; length < file.length; length += 1) {
      assert.equal(open(MAKER, PROGRAM, file.subarray(0, length)), null, `${length} bytes`);
    }
  });
});
