import assert from 'node:assert/strict';
import { Duplex } from 'node:stream';
import { describe, it } from 'node:test';
import { ProbeTap, REST_MS, RESTS_BELOW_BYTES } from '../../../../monitor/io/probe-tap.ts';
import { encodeProbe } from '../../../../protocol/probe.ts';
import { probeTopic } from '../../../../protocol/topics.ts';
import { FakeClock } from './fakes.ts';

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A socket whose other end the test holds. */
class FakeSocket extends Duplex {
  arrive(bytes: Uint8Array): void {
    this.push(bytes);
  }

  override _read(): void {}

  override _write(_chunk: Buffer, _encoding: string, done: () => void): void {
    done();
  }
}

/** A QoS 0 PUBLISH of MQTT 3.1.1. */
function publish(topic: string, payload: Uint8Array): Buffer {
  const name = Buffer.from(topic);
  const length = 2 + name.length + payload.length;
  return Buffer.concat([Buffer.from([0x30, length, 0, name.length]), name, payload]);
}

const PROBE = encodeProbe({ promisedSeconds: 30, repeat: false, externalPower: false, vitals: null });
const PROBE_PACKET = publish(probeTopic('d1'), PROBE);
const OTHER_PACKET = publish('khd/1/d1/network', Buffer.from('{}'));

function tapped(): {
  socket: FakeSocket;
  clock: FakeClock;
  reads: number[];
  probes: () => number;
  rest: Buffer[];
} {
  const socket = new FakeSocket();
  const clock = new FakeClock();
  const reads: number[] = [];
  const rest: Buffer[] = [];
  let probes = 0;
  const tap = new ProbeTap(socket, 4, (ms, callback) => clock.after(ms, callback), {
    onChunk: (bytes) => reads.push(bytes),
    onProbe: () => {
      probes += 1;
    },
  });
  tap.on('data', (bytes: Buffer) => rest.push(bytes));
  return { socket, clock, reads, probes: () => probes, rest };
}

describe('the tap between socket and MQTT.js', () => {
  it('hears together what comes while it rests after a small read', async () => {
    const { socket, clock, reads, probes, rest } = tapped();
    socket.arrive(PROBE_PACKET);
    await nextTurn();
    assert.equal(probes(), 1);
    socket.arrive(Buffer.concat([PROBE_PACKET, OTHER_PACKET]));
    await nextTurn();
    assert.equal(probes(), 1);
    assert.deepEqual(rest, []);
    await clock.pass(REST_MS);
    await nextTurn();
    assert.equal(probes(), 2);
    assert.deepEqual(Buffer.concat(rest), OTHER_PACKET);
    assert.equal(reads[0], PROBE_PACKET.length);
  });

  it('goes on at once after a large one', async () => {
    const { socket, probes } = tapped();
    const count = Math.ceil(RESTS_BELOW_BYTES / PROBE_PACKET.length);
    socket.arrive(Buffer.concat(Array.from({ length: count }, () => PROBE_PACKET)));
    await nextTurn();
    socket.arrive(PROBE_PACKET);
    await nextTurn();
    assert.equal(probes(), count + 1);
  });

  it('lets MQTT.js have everything else in order, however slowly it reads', async () => {
    const socket = new FakeSocket();
    const clock = new FakeClock();
    const tap = new ProbeTap(socket, 4, (ms, callback) => clock.after(ms, callback), {
      onChunk: () => {},
      onProbe: () => {},
    });
    const packets = Array.from({ length: 400 }, (_, index) =>
      publish('khd/1/d1/network', Buffer.from(`${index}`.padStart(100, '.'))),
    );
    for (const packet of packets) socket.arrive(packet);
    const heard: Buffer[] = [];
    for (
      let turn = 0;
      turn < 2000 && Buffer.concat(heard).length < Buffer.concat(packets).length;
      turn += 1
    ) {
      await clock.pass(REST_MS);
      const bytes = tap.read(500) ?? tap.read();
      if (bytes !== null) heard.push(bytes as Buffer);
    }
    assert.deepEqual(Buffer.concat(heard), Buffer.concat(packets));
  });
});
