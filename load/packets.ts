/**
 * What every device has to say, as PUBLISH packets. Probes are prepared once, all of one length, side by side in
 * one block of memory: sending one is copying some thirty bytes.
 */
import { encodeProbe, type Probe } from '../protocol/probe.ts';
import { encodeStatus, type Status, type StatusState } from '../protocol/status.ts';
import { probeTopic, statusTopic } from '../protocol/topics.ts';
import { VERSION } from '../runtime/version.ts';
import { publishPacket } from './mqtt-packets.ts';
import type { DeviceNames } from './names.ts';

export interface PacketOptions {
  readonly devices: number;
  readonly names: DeviceNames;
  readonly intervalSeconds: number;
  readonly count: number;
  /** Epochs of sessions come after it. */
  readonly firstEpoch: number;
  /** Devices are shared out over so many networks, in blocks of neighbours. */
  readonly networks: number;
  readonly qos: 0 | 1;
  /** Statuses are kept by the broker. */
  readonly retain: boolean;
}

export interface Packet {
  readonly bytes: Uint8Array;
  /** Where a packet identifier goes; only with QoS 1. */
  readonly packetIdAt: number;
}

export class FleetPackets {
  readonly #options: PacketOptions;
  readonly #probes: Buffer;
  /** Bytes of a bare probe's packet. */
  readonly probeBytes: number;
  readonly packetIdAt: number;
  /** Sessions so far; they make the epoch and the count of reconnects. */
  readonly #sessions: Uint16Array;
  readonly #statuses = new Map<string, Uint8Array>();

  constructor(options: PacketOptions) {
    this.#options = options;
    const { devices, names } = options;
    const first = this.#probe(names.nameOf(0), null);
    this.probeBytes = first.bytes.length;
    this.packetIdAt = first.packetIdAt;
    this.#probes = Buffer.allocUnsafe(devices * this.probeBytes);
    // Only the name differs: encoding a million packets one by one would take seconds.
    const nameAt = Buffer.from(first.bytes).indexOf(names.nameOf(0));
    for (let device = 0; device < devices; device += 1) {
      const at = device * this.probeBytes;
      this.#probes.set(first.bytes, at);
      this.#probes.write(names.nameOf(device), at + nameAt, 'latin1');
    }
    this.#sessions = new Uint16Array(devices);
  }

  /** Copies a device's bare probe to `at` of `target`. */
  copyProbe(device: number, target: Buffer, at: number): void {
    this.#probes.copy(target, at, device * this.probeBytes, (device + 1) * this.probeBytes);
  }

  /** A probe with vitals, which wander a little from round to round. */
  vitals(device: number, round: number): Packet {
    return this.#probe(this.#options.names.nameOf(device), {
      batteryPercent: 100 - ((device + round) % 60),
      signalDbm: -60 - (device % 40),
      rttMs: 20 + ((device * 7 + round) % 200),
      reconnects: Math.max(0, (this.#sessions[device] ?? 0) - 1),
    });
  }

  /** The `online` status of a new session of the device. */
  greeting(device: number): Packet {
    const { names, qos, retain } = this.#options;
    const session = ((this.#sessions[device] ?? 0) + 1) & 0xffff;
    this.#sessions[device] = session;
    const payload = this.#status('online', session, this.networkOf(device));
    return publishPacket(statusTopic(names.nameOf(device)), payload, { qos, retain });
  }

  /** The `leaving` status of the device's present session. */
  goodbye(device: number): Packet {
    const { names, qos, retain } = this.#options;
    const payload = this.#status('leaving', this.#sessions[device] ?? 0, this.networkOf(device));
    return publishPacket(statusTopic(names.nameOf(device)), payload, { qos, retain });
  }

  networkOf(device: number): string {
    const { devices, networks } = this.#options;
    return `load-network-${Math.floor((device * networks) / devices)}`;
  }

  #probe(name: string, vitals: Probe['vitals']): Packet {
    const { intervalSeconds, qos } = this.#options;
    const probe = { promisedSeconds: intervalSeconds, repeat: false, externalPower: false, vitals };
    return publishPacket(probeTopic(name), encodeProbe(probe), { qos });
  }

  /** Devices of one network and session say the same. */
  #status(state: StatusState, session: number, network: string): Uint8Array {
    const key = `${state} ${session} ${network}`;
    let payload = this.#statuses.get(key);
    if (payload === undefined) {
      payload = encodeStatus(this.#statusOf(state, session, network));
      this.#statuses.set(key, payload);
    }
    return payload;
  }

  #statusOf(state: StatusState, session: number, network: string): Status {
    return {
      state,
      epoch: this.#options.firstEpoch + session,
      intervalSeconds: this.#options.intervalSeconds,
      count: this.#options.count,
      reason: 'keepalivehd load',
      agentVersion: VERSION,
      network,
      groups: ['load'],
      configurationVersion: null,
      counters: { probes: 0, reconnects: session - 1, lapses: 0 },
    };
  }
}
