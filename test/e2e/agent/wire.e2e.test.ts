/** What a probe costs on the wire, counted between the agent and a real broker. */
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { parseProbe } from '../../../protocol/probe.ts';
import { probeTopic } from '../../../protocol/topics.ts';
import { Cleanups } from '../support/cleanups.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { DEVICE, nth, startAgent } from './agent.ts';
import { layPath, type Passage } from './path.ts';
import { CONNECT, type Packet, PUBACK, PUBLISH, packetsOf, readPublish, SUBSCRIBE } from './wire.ts';

const ofType = (stream: Buffer, type: number): readonly Packet[] =>
  packetsOf(stream).filter((packet) => packet.type === type);
const probesOf = (passage: Passage | undefined) =>
  ofType(passage?.fromAgent() ?? Buffer.alloc(0), PUBLISH)
    .map(readPublish)
    .filter(({ alias }) => alias !== null);

describe('bytes on the wire', () => {
  const cleanups = new Cleanups();
  afterEach(() => cleanups.run());

  it('13 for a probe through the alias and at most 5 for its answer, on each connection after the first probe', async () => {
    const broker = await startMosquitto();
    cleanups.add(() => broker.remove());
    const path = await layPath(cleanups, broker.port);
    const agent = startAgent(cleanups, `mqtt://127.0.0.1:${path.port}`);
    await nth(agent, 'probeAcked', 3);
    path.passages[0]?.cut();
    await nth(agent, 'probeAcked', 6);
    assert.equal(path.passages.length, 2);
    for (const passage of path.passages) {
      const [first, ...rest] = probesOf(passage);
      assert.equal(first?.topic, probeTopic(DEVICE));
      assert.ok(rest.length >= 2);
      for (const probe of rest) {
        assert.deepEqual([probe.topic, probe.alias, probe.qos], ['', first.alias, 1]);
        const parsed = parseProbe(probe.payload);
        assert.ok(parsed.ok);
        // With vitals, as the first round trip is told, six more.
        assert.ok(probe.size <= (parsed.probe.vitals === null ? 13 : 19), `${probe.size} bytes`);
      }
      assert.ok(
        rest.some(({ size }) => size === 13),
        rest.map(({ size }) => size).join(' '),
      );
      const answers = ofType(passage.fromBroker(), PUBACK);
      assert.ok(answers.length >= 4);
      for (const { bytes } of answers) assert.ok(bytes.length <= 5, `${bytes.length} bytes`);
    }
  });

  it('nothing but probes and their answers on an idle connection: no PINGREQ', async () => {
    const broker = await startMosquitto();
    cleanups.add(() => broker.remove());
    const path = await layPath(cleanups, broker.port);
    const agent = startAgent(cleanups, `mqtt://127.0.0.1:${path.port}`);
    await nth(agent, 'probeAcked', 4);
    const packets = packetsOf(path.passages[0]?.fromAgent() ?? Buffer.alloc(0)).map(({ type }) => type);
    // CONNECT; then, in any order, two SUBSCRIBEs (asks, and what the fleet knows of this network), the online
    // status, and once more with the network in it; after that probes alone.
    assert.equal(packets[0], CONNECT);
    assert.deepEqual(packets.slice(1, 5).toSorted(), [PUBLISH, PUBLISH, SUBSCRIBE, SUBSCRIBE]);
    assert.ok(packets.length >= 9 && packets.slice(5).every((type) => type === PUBLISH), packets.join(' '));
  });
});
