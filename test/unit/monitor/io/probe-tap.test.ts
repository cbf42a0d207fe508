import assert from 'node:assert/strict';
import { Duplex } from 'node:stream';
import { describe, it } from 'node:test';
import {
  ProbeTap,
  REST_MS,
  RESTS_BELOW_BYTES,
  RESTS_FROM_BYTES_PER_MS,
} from '../../../../monitor/io/probe-tap.ts';
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
  probes: () => number;
  rest: Buffer[];
} {
  const socket = new FakeSocket();
  const clock = new FakeClock();
  const rest: Buffer[] = [];
  let heard = 0;
  const tap = new ProbeTap(socket, 4, clock, {
    onChunk: () => {},
    onProbe: () => {
      heard += 1;
    },
  });
  tap.on('data', (bytes: Buffer) => rest.push(bytes));
  return { socket, clock, probes: () => heard, rest };
}

const probes = (bytes: number): Buffer =>
  Buffer.concat(Array.from({ length: Math.ceil(bytes / PROBE_PACKET.length) }, () => PROBE_PACKET));

describe('the tap between socket and MQTT.js', () => {
  /** As much as makes it rest, in a tenth of a second. */
  async function flood(socket: FakeSocket, clock: FakeClock): Promise<void> {
    await clock.pass(50);
    socket.arrive(probes(RESTS_FROM_BYTES_PER_MS * 100));
    await nextTurn();
    await clock.pass(50);
  }

  it('hears together what comes while it rests, when very much has come', async () => {
    const tap = tapped();
    await flood(tap.socket, tap.clock);
    const before = tap.probes();
    tap.socket.arrive(PROBE_PACKET);
    await nextTurn();
    assert.equal(tap.probes(), before + 1);
    tap.socket.arrive(Buffer.concat([PROBE_PACKET, OTHER_PACKET]));
    await nextTurn();
    assert.equal(tap.probes(), before + 1);
    assert.deepEqual(tap.rest, []);
    await tap.clock.pass(REST_MS);
    await nextTurn();
    assert.equal(tap.probes(), before + 2);
    assert.deepEqual(Buffer.concat(tap.rest), OTHER_PACKET);
  });

  it('goes on at once after a large read, and when little comes', async () => {
    const quiet = tapped();
    for (let turn = 1; turn <= 3; turn += 1) {
      await quiet.clock.pass(150);
      quiet.socket.arrive(PROBE_PACKET);
      quiet.socket.arrive(PROBE_PACKET);
      await nextTurn();
      assert.equal(quiet.probes(), 2 * turn);
    }
    const { socket, clock, probes: heard } = tapped();
    await flood(socket, clock);
    const before = heard();
    const large = probes(RESTS_BELOW_BYTES);
    socket.arrive(large);
    await nextTurn();
    socket.arrive(PROBE_PACKET);
    await nextTurn();
    assert.equal(heard(), before + large.length / PROBE_PACKET.length + 1);
  });

  it('lets MQTT.js have everything else in order, however slowly it reads', async () => {
    const socket = new FakeSocket();
    const clock = new FakeClock();
    const tap = new ProbeTap(socket, 4, clock, {
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
