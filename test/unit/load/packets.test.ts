/** What the generator sends is what the monitor's own parsers read. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DeviceNames } from '../../../load/names.ts';
import { FleetPackets } from '../../../load/packets.ts';
import { parseProbe } from '../../../protocol/probe.ts';
import { parseStatus } from '../../../protocol/status.ts';
import { parseTopic } from '../../../protocol/topics.ts';

const DEVICES = 40;

function packetsOf(qos: 0 | 1): FleetPackets {
  return new FleetPackets({
    devices: DEVICES,
    names: new DeviceNames('load', DEVICES),
    intervalSeconds: 50,
    count: 2,
    firstEpoch: 7000,
    networks: 4,
    qos,
    retain: false,
  });
}

/** Topic and payload; all these packets are shorter than 128 bytes or have a length of two. */
function read(bytes: Uint8Array): { topic: ReturnType<typeof parseTopic>; payload: Buffer } {
  const packet = Buffer.from(bytes);
  const start = (packet[1] as number) < 128 ? 2 : 3;
  const qos = ((packet[0] as number) >> 1) & 3;
  const topicEnd = start + 2 + packet.readUInt16BE(start);
  return {
    topic: parseTopic(packet.toString('utf8', start + 2, topicEnd)),
    payload: packet.subarray(topicEnd + 2 * qos),
  };
}

function copied(packets: FleetPackets, device: number): Buffer {
  const target = Buffer.alloc(packets.probeBytes);
  packets.copyProbe(device, target, 0);
  return target;
}

describe('packets of a fleet', () => {
  it('probes under each name, promising the interval', () => {
    for (const qos of [0, 1] as const) {
      const packets = packetsOf(qos);
      for (const [device, name] of [
        [0, 'load-00'],
        [39, 'load-39'],
      ] as const) {
        const { topic, payload } = read(copied(packets, device));
        assert.deepEqual(topic, { ok: true, device: name, kind: 'probe' });
        assert.deepEqual(parseProbe(payload), {
          ok: true,
          probe: { promisedSeconds: 50, repeat: false, externalPower: false, vitals: null },
        });
      }
    }
  });

  it('greets with an epoch that grows, and a network that neighbours share, and leaves in the last one', () => {
    const packets = packetsOf(0);
    const statuses = [packets.greeting(9), packets.greeting(9), packets.greeting(10)].map(({ bytes }) => {
      const { topic, payload } = read(bytes);
      const parsed = parseStatus(payload);
      assert.ok(topic.ok && topic.kind === 'status' && parsed.ok);
      return parsed.status;
    });
    assert.deepEqual(
      statuses.map(({ epoch, network, intervalSeconds, count, state }) => [
        epoch,
        network,
        intervalSeconds,
        count,
        state,
      ]),
      [
        [7001, 'load-network-0', 50, 2, 'online'],
        [7002, 'load-network-0', 50, 2, 'online'],
        [7001, 'load-network-1', 50, 2, 'online'],
      ],
    );
    const last = parseStatus(read(packets.goodbye(9).bytes).payload);
    assert.ok(last.ok);
    assert.deepEqual(
      [last.status.state, last.status.epoch, last.status.network],
      ['leaving', 7002, 'load-network-0'],
    );
    const vitals = parseProbe(read(packets.vitals(9, 3).bytes).payload);
    assert.equal(vitals.ok && vitals.probe.vitals?.reconnects, 1);
  });
});
