import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connectPacket, PacketSplitter, publishPacket, remainingLength } from '../../../load/mqtt-packets.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('packets of MQTT 3.1.1', () => {
  it('spells CONNECT as section 3.1 does', () => {
    assert.equal(hex(connectPacket({ clientId: 'a' })), '100d00044d515454040200000001' + '61');
    assert.equal(
      hex(connectPacket({ clientId: 'a', username: 'u', password: 'p' })),
      '101300044d51545404c20000000161000175000170',
    );
  });

  it('spells PUBLISH with and without an identifier', () => {
    const payload = Uint8Array.of(1, 2);
    assert.deepEqual(hex(publishPacket('t', payload, { qos: 0 }).bytes), '3005' + '000174' + '0102');
    const { bytes, packetIdAt } = publishPacket('t', payload, { qos: 1, retain: true });
    assert.equal(hex(bytes), '3307' + '000174' + '0000' + '0102');
    assert.equal(packetIdAt, 5);
  });

  it('spells lengths as table 2.4 does', () => {
    const spelt: readonly (readonly [number, string])[] = [
      [0, '00'],
      [127, '7f'],
      [128, '8001'],
      [16_383, 'ff7f'],
      [16_384, '808001'],
      [2_097_152, '80808001'],
      [268_435_455, 'ffffff7f'],
    ];
    for (const [length, bytes] of spelt) assert.equal(hex(remainingLength(length)), bytes);
  });

  it('cuts a stream into packets however it arrives', () => {
    const long = publishPacket('t', new Uint8Array(300).fill(7), { qos: 0 }).bytes;
    const stream = Buffer.concat([Uint8Array.of(0x20, 2, 0, 0), long, Uint8Array.of(0x40, 2, 1, 44)]);
    for (const size of [1, 2, 3, 7, 300, stream.length]) {
      const splitter = new PacketSplitter();
      const found: string[] = [];
      for (let at = 0; at < stream.length; at += size) {
        splitter.push(stream.subarray(at, at + size), (type, bytes, start, end) =>
          found.push(`${type}:${end - start}:${bytes[end - 1]}`),
        );
      }
      assert.deepEqual(found, ['2:2:0', '3:303:7', '4:2:44'], `in pieces of ${size}`);
    }
  });
});
