/** The scanner against what it was given: nothing is lost, added or reordered, and every probe is found. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ProbeScanner } from '../../../protocol/probe-scan.ts';

/** A packet with its remaining length, as MQTT 5 section 2.1.4 encodes it. */
function packet(firstByte: number, body: Uint8Array): Uint8Array {
  const length: number[] = [];
  for (let rest = body.length; ; rest = Math.floor(rest / 128)) {
    length.push((rest % 128) | (rest >= 128 ? 0x80 : 0));
    if (rest < 128) return Uint8Array.of(firstByte, ...length, ...body);
  }
}

function publish(topic: string, payload: Uint8Array, firstByte: number, properties: Uint8Array | null) {
  const name = new TextEncoder().encode(topic);
  const between = properties === null ? [] : [properties.length, ...properties];
  return packet(
    firstByte,
    Uint8Array.of(name.length >> 8, name.length & 0xff, ...name, ...between, ...payload),
  );
}

interface Found {
  readonly name: string;
  readonly payload: readonly number[];
  readonly retained: boolean;
}

/** Scans `chunks`; the probes found, and the rest joined. */
function scan(version: 4 | 5, chunks: readonly Uint8Array[]): { probes: Found[]; rest: number[] } {
  const probes: Found[] = [];
  const rest: number[] = [];
  const scanner = new ProbeScanner(version, {
    onProbe: (bytes, { nameStart, nameEnd, payloadStart, payloadEnd, retained }) =>
      probes.push({
        name: new TextDecoder().decode(bytes.subarray(nameStart, nameEnd)),
        payload: [...bytes.subarray(payloadStart, payloadEnd)],
        retained,
      }),
    onRest: (bytes) => rest.push(...bytes),
  });
  for (const chunk of chunks) scanner.scan(chunk);
  return { probes, rest };
}

const bytes = (most: number) => fc.uint8Array({ maxLength: most });
const probeOf = fc.record({
  name: fc.stringMatching(/^[A-Za-z0-9._:-]{1,64}$/),
  payload: bytes(9),
  retained: fc.boolean(),
  properties: bytes(100),
});
const other = fc.oneof(
  fc.record({ kind: fc.constant('status' as const), payload: bytes(700) }),
  fc.record({ kind: fc.constant('qos1' as const), payload: bytes(9) }),
  fc.record({ kind: fc.constant('any' as const), payload: bytes(300) }),
  fc.record({ kind: fc.constant('large' as const), payload: fc.constant(new Uint8Array(20_000)) }),
);

function otherPacket({ kind, payload }: { kind: string; payload: Uint8Array }): Uint8Array {
  if (kind === 'status') return publish('khd/1/a/status', payload, 0x32, null);
  if (kind === 'qos1') return publish('khd/1/a/probe', payload, 0x32, null);
  // PINGRESP, SUBACK and the like: whatever their body.
  return packet(kind === 'any' ? 0xd0 : 0x30, kind === 'any' ? payload : Uint8Array.of(0, 1, 97, ...payload));
}

test('in any stream, cut anywhere, each probe is found and the rest goes on untouched and in order', () => {
  const stream = fc.array(fc.oneof({ weight: 3, arbitrary: probeOf }, { weight: 2, arbitrary: other }), {
    maxLength: 30,
  });
  fc.assert(
    fc.property(
      fc.constantFrom(4 as const, 5 as const),
      stream,
      fc.infiniteStream(fc.nat(900)),
      (version, parts, cuts) => {
        const probes: Found[] = [];
        const rest: number[] = [];
        const all: number[] = [];
        for (const part of parts) {
          let sent: Uint8Array;
          if ('kind' in part) {
            sent = otherPacket(part);
            rest.push(...sent);
          } else {
            const { name, payload, retained, properties } = part;
            sent = publish(
              `khd/1/${name}/probe`,
              payload,
              retained ? 0x31 : 0x30,
              version === 5 ? properties : null,
            );
            probes.push({ name, payload: [...payload], retained });
          }
          all.push(...sent);
        }
        const chunks: Uint8Array[] = [];
        for (let from = 0; from < all.length; ) {
          const until = from + 1 + (cuts.next().value as number);
          chunks.push(Uint8Array.from(all.slice(from, until)));
          from = until;
        }
        assert.deepEqual(scan(version, chunks), { probes, rest });
      },
    ),
    { numRuns: 300 },
  );
});

test('garbage never throws, and what is no probe in it is handed on whole', () => {
  fc.assert(
    fc.property(fc.constantFrom(4 as const, 5 as const), fc.array(bytes(700)), (version, chunks) => {
      const { rest, probes } = scan(version, chunks);
      const sent = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
      assert.ok(rest.length <= sent);
      // What is held back is the beginning of one small packet.
      if (probes.length === 0) assert.ok(sent - rest.length <= 512);
    }),
    { numRuns: 500 },
  );
});

test('packets that only look like probes are left to the library', () => {
  const payload = Uint8Array.of(0, 0, 30);
  const others = [
    publish('khd/1/a/status', payload, 0x30, null),
    publish('khd/2/a/probe', payload, 0x30, null),
    publish('khd/1//probe', payload, 0x30, null),
    publish('khd/1/probe', payload, 0x30, null),
    // DUP without QoS is malformed ([MQTT-3.3.1-2]); QoS 1 wants its PUBACK.
    publish('khd/1/a/probe', payload, 0x38, null),
    publish('khd/1/a/probe', payload, 0x32, null),
    // A topic longer than its packet.
    Uint8Array.of(0x30, 3, 0, 200, 97),
  ];
  for (const sent of others) assert.deepEqual(scan(4, [sent]), { probes: [], rest: [...sent] });
  // Properties longer than their packet.
  const cut = publish('khd/1/a/probe', Uint8Array.of(100, 1, 2), 0x30, null);
  assert.deepEqual(scan(5, [cut]), { probes: [], rest: [...cut] });
});

test('after a length that is none the library gets everything', () => {
  const sent = Uint8Array.of(
    0x30,
    0x80,
    0x80,
    0x80,
    0x80,
    1,
    ...publish('khd/1/a/probe', Uint8Array.of(0, 0, 30), 0x30, null),
  );
  assert.deepEqual(scan(4, [sent.subarray(0, 3), sent.subarray(3)]), { probes: [], rest: [...sent] });
});
