import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addressAnswered, addressOptions } from '../../../runtime/address-choice.ts';

type Resolve = Parameters<typeof addressOptions>[2];

const FOUND = [
  { address: '2001:db8::1', family: 6 },
  { address: '192.0.2.1', family: 4 },
  { address: '192.0.2.2', family: 4 },
];
const resolve = ((_name: string, _options: object, callback: (...found: unknown[]) => void) =>
  callback(null, FOUND)) as unknown as Resolve;

/** The addresses of `host` in the order in which Node is told them. */
function orderOf(host: string): readonly string[] {
  let order: readonly string[] = [];
  const { lookup } = addressOptions(host, 20_000, resolve);
  lookup?.(host, { all: true }, (_error, found) => {
    order = (found as unknown as typeof FOUND).map(({ address }) => address);
  });
  return order;
}

describe('addressOptions', () => {
  it('gives each address long enough for a SYN to be repeated, and one of each family room in one connect', () => {
    const attemptMs = (connectMs: number): number =>
      addressOptions('broker.example', connectMs).autoSelectFamilyAttemptTimeout;
    assert.equal(attemptMs(20_000), 4000);
    assert.equal(attemptMs(6000), 3000);
    assert.equal(attemptMs(100), 250);
  });

  it('tries the family first that answered last, and leaves the rest as the resolver has it', () => {
    const before = FOUND.map(({ address }) => address);
    assert.deepEqual(orderOf('twofold.example'), before);
    addressAnswered('twofold.example', '192.0.2.2');
    assert.deepEqual(orderOf('twofold.example'), ['192.0.2.1', '192.0.2.2', '2001:db8::1']);
    assert.deepEqual(orderOf('another.example'), before);
    addressAnswered('twofold.example', '2001:db8::1');
    assert.deepEqual(orderOf('twofold.example'), before);
    // A socket that has ended knows its address no more.
    addressAnswered('twofold.example', undefined);
    assert.deepEqual(orderOf('twofold.example'), before);
  });

  it('looks nothing up for an address', () => {
    assert.equal(addressOptions('192.0.2.1', 20_000).lookup, undefined);
  });

  it('hands on that there is no such name', () => {
    const refuse = ((_name: string, _options: object, callback: (error: Error) => void) =>
      callback(new Error('ENOTFOUND'))) as unknown as Resolve;
    const { lookup } = addressOptions('none.example', 20_000, refuse);
    lookup?.('none.example', { all: true }, (error) => assert.equal(error?.message, 'ENOTFOUND'));
  });
});
