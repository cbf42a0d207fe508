import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { drawOrder, reachOf, readWaves } from '../../../../../monitor/policy/rollout/waves.ts';

const sizes = (...texts: string[]) => {
  const read = readWaves(texts);
  assert.ok(read.ok);
  return read.waves;
};

describe('readWaves', () => {
  it('takes numbers and then shares, each larger than the one before', () => {
    assert.deepEqual(
      sizes('1', '5%', '12.5%', '100%').map(({ count, percent }) => [count, percent]),
      [
        [1, null],
        [null, 5],
        [null, 12.5],
        [null, 100],
      ],
    );
    sizes('100%');
    sizes('1', '10', '500', '100%');
  });

  it('names the wave that is wrong', () => {
    for (const [waves, value] of [
      [['0', '100%'], '0'],
      [['1', '5%'], '5%'],
      [['1', '1'], '1'],
      [['5', '3'], '3'],
      [['5%', '5%'], '5%'],
      [['5%', '10'], '10'],
      [['101%'], '101%'],
      [['0%'], '0%'],
      [['1.5'], '1.5'],
      [['-1'], '-1'],
      [['all'], 'all'],
      [[''], ''],
      [[], '0 waves'],
    ] as const) {
      const read = readWaves(waves);
      assert.equal(!read.ok && read.value, value, waves.join());
    }
    assert.equal(readWaves(Array.from({ length: 21 }, (_, at) => String(at + 1))).ok, false);
  });
});

describe('reachOf', () => {
  it('is at least one device, and never more than there are', () => {
    assert.deepEqual(
      sizes('1', '5%', '25%', '100%').map((size) => reachOf(size, 1000)),
      [1, 50, 250, 1000],
    );
    assert.deepEqual(
      sizes('1', '5%', '100%').map((size) => reachOf(size, 7)),
      [1, 1, 7],
    );
    assert.deepEqual(
      sizes('500', '100%').map((size) => reachOf(size, 7)),
      [7, 7],
    );
  });
});

describe('drawOrder', () => {
  const fleet = Array.from({ length: 1000 }, (_, at) => ({
    device: `d${at}`,
    network: at < 700 ? 'large' : at < 950 ? 'middle' : at < 995 ? 'small' : null,
  }));
  const networkOf = new Map(fleet.map(({ device, network }) => [device, network]));

  it('draws everybody once, and the same for the same salt whatever the order they come in', () => {
    const order = drawOrder(fleet, 'pilot-3');
    assert.equal(new Set(order).size, 1000);
    assert.deepEqual(drawOrder([...fleet].reverse(), 'pilot-3'), order);
    assert.notDeepEqual(drawOrder(fleet, 'pilot-4').slice(0, 50), order.slice(0, 50));
  });

  it('has each network in proportion in every wave', () => {
    const order = drawOrder(fleet, 'pilot-3');
    for (const reach of [20, 100, 250]) {
      const share = (network: string): number =>
        order.slice(0, reach).filter((device) => networkOf.get(device) === network).length / reach;
      assert.ok(Math.abs(share('large') - 0.7) <= 1 / reach + 1e-9, `large ${share('large')} of ${reach}`);
      assert.ok(Math.abs(share('middle') - 0.25) <= 1 / reach + 1e-9);
      assert.ok(Math.abs(share('small') - 0.045) <= 1 / reach + 1e-9);
    }
  });

  it('lets another device go first each time', () => {
    const first = new Set(Array.from({ length: 200 }, (_, at) => drawOrder(fleet, `pilot-${at}`)[0]));
    assert.ok(first.size > 150, `${first.size} of 200`);
  });
});
