import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  limitsOf,
  publishBytes,
  SendWindow,
  subscribeBytes,
  tooLarge,
} from '../../../runtime/broker-limits.ts';

describe('limitsOf', () => {
  it('takes what is absent for unbounded', () => {
    assert.deepEqual(limitsOf(undefined), {
      receiveMaximum: 65_535,
      maximumPacketSize: Number.POSITIVE_INFINITY,
      retainAvailable: true,
    });
    const told = { receiveMaximum: 1, maximumPacketSize: 64, retainAvailable: false };
    assert.deepEqual(limitsOf(told), told);
  });
});

describe('tooLarge', () => {
  const limits = limitsOf({ maximumPacketSize: 64 });
  it('counts more bytes than the packet has, never fewer', () => {
    const [topic, payload] = ['khd/1/pump-17/probe', new Uint8Array(6)];
    // Fixed header, topic, packet identifier, properties of a topic alias, payload.
    const real = 2 + 2 + topic.length + 2 + 4 + payload.length;
    assert.ok(publishBytes(topic, payload) >= real);
    assert.equal(tooLarge(publishBytes(topic, payload), limits), null);
    assert.ok(subscribeBytes([topic, topic]) >= 2 + 2 + 1 + 2 * (2 + topic.length + 1));
  });
  it('says so with the code that the broker would have used', () => {
    const error = tooLarge(65, limits);
    assert.equal(error?.code, 0x95);
    assert.match(error?.message ?? '', /65 bytes.*64/);
    assert.equal(tooLarge(1e9, limitsOf(undefined)), null);
  });
});

describe('SendWindow', () => {
  function opened(maximum: number) {
    const window = new SendWindow(() => maximum);
    const sent: string[] = [];
    const ended: string[] = [];
    const settle: (() => void)[] = [];
    const enter = (name: string): void =>
      window.enter(
        (settled) => {
          sent.push(name);
          settle.push(settled);
        },
        (error) => ended.push(`${name}: ${error?.message}`),
      );
    return { window, sent, ended, settle, enter };
  }

  it('lets as many go as the broker takes, and the others in their order when one was acknowledged', () => {
    const { sent, settle, enter } = opened(2);
    for (const name of ['a', 'b', 'c', 'd']) enter(name);
    assert.deepEqual(sent, ['a', 'b']);
    settle[1]?.();
    assert.deepEqual(sent, ['a', 'b', 'c']);
    enter('e');
    settle[0]?.();
    settle[2]?.();
    assert.deepEqual(sent, ['a', 'b', 'c', 'd', 'e']);
  });

  it('tells those that never had their turn that the connection has ended, once', () => {
    const { window, sent, ended, settle, enter } = opened(1);
    for (const name of ['a', 'b', 'c']) enter(name);
    window.close();
    window.close();
    settle[0]?.();
    assert.deepEqual(sent, ['a']);
    assert.deepEqual(ended, ['b: the connection has ended', 'c: the connection has ended']);
  });
});
