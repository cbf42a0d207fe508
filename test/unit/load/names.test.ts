import assert from 'node:assert/strict';
import { it } from 'node:test';
import { DeviceNames } from '../../../load/names.ts';

it('names devices with as many digits as the last one needs, and finds them by name', () => {
  const names = new DeviceNames('x', 1001);
  assert.equal(names.nameOf(0), 'x-0000');
  assert.equal(names.nameOf(1000), 'x-1000');
  assert.equal(new DeviceNames('x', 1000).nameOf(7), 'x-007');
  assert.equal(names.indexOf('x-0042'), 42);
  for (const stranger of ['x-1001', 'x-42', 'x-00042', 'y-0042', 'x-004a', 'x0042', '']) {
    assert.equal(names.indexOf(stranger), null, stranger);
  }
});
