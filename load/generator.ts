/**
 * Carries out what `policy/turns.ts` and `policy/kills.ts` decide: a fleet over a few connections, for a bounded
 * time. When the broker takes less than is due, the schedule slips rather than memory grows, and the summary says by how much.
 */

import { sayGoodbye } from './goodbye.ts';
import { Batch } from './io/batch.ts';
import { BrokerSocket } from './io/broker-socket.ts';
import { DeviceNames } from './names.ts';
import { FleetPackets } from './packets.ts';
import { type Kill, Kills } from './policy/kills.ts';
import { type Fleet, Turns } from './policy/turns.ts';

export interface LoadRequest {
  readonly fleet: Fleet;
  /** When the next probe is due at the latest, as every probe says. */
  readonly promisedSeconds: number;
  /** Stated in every status. */
  readonly count: number;
  readonly networks: number;
  readonly qos: 0 | 1;
  readonly retain: boolean;
  /** Whether a device says who it is before it probes; without it the monitor must know the fleet. */
  readonly greets: boolean;
  /** Whether those that are alive at the end say that they leave; without it they go dead. */
  readonly saysGoodbye: boolean;
  readonly prefix: string;
  readonly kills: readonly Kill[];
  readonly sockets: number;
  readonly durationMs: number;
  readonly broker: { readonly url: URL; readonly username?: string; readonly password?: string };
}

/** What happens on the way; times are ms after the start. */
export type LoadNews =
  | { readonly event: 'started'; readonly devices: number; readonly probes_per_second: number }
  /** Every device has spoken. */
  | { readonly event: 'filled'; readonly at_ms: number }
  | { readonly event: 'killed'; readonly at_ms: number; readonly devices: number }
  | { readonly event: 'connectionLost'; readonly at_ms: number; readonly why: string };

export interface LoadSummary {
  readonly devices: number;
  readonly sockets: number;
  readonly seconds: number;
  readonly probes: number;
  readonly statuses: number;
  readonly vitals: number;
  readonly reconnects: number;
  readonly bytes: number;
  readonly probes_per_second: number;
  readonly killed: number;
  /** Devices that said at the end that they leave. */
  readonly goodbyes: number;
  /** Turns of devices whose connection was down. */
  readonly unsent: number;
  readonly connections_lost: number;
  /** How far the schedule slipped at most because the broker, or this process, did not keep up. */
  readonly behind_max_ms: number;
}

/** A killed device and when its last probe was handed over, on the wall clock; null: it never spoke. */
export interface Killed {
  readonly device: string;
  readonly lastProbeMs: number | null;
}

const TICK_MS = 5;
/** Turns between two looks at the clock and the sockets. */
const SPAN = 512;
const GOODBYE_MS = 5000;

export class Generator {
  readonly #request: LoadRequest;
  readonly #onNews: (news: LoadNews) => void;
  readonly #turns: Turns;
  readonly #kills: Kills;
  readonly #names: DeviceNames;
  readonly #packets: FleetPackets;
  readonly #batches: readonly Batch[];
  /** 1: has spoken on its present connection. */
  readonly #greeted: Uint8Array;
  /** Wall clock; 0: never. */
  readonly #lastProbeMs: Float64Array;
  readonly #killed: number[] = [];
  readonly #sent = { probes: 0, statuses: 0, vitals: 0, reconnects: 0, goodbyes: 0, unsent: 0, lost: 0 };
  #next = 0;
  #filled = false;
  #behindMaxMs = 0;
  #startMs = 0;
  #seconds = 0;
  #finish: () => void = () => {};
  #stopped = false;
  #hurried = false;

  constructor(request: LoadRequest, onNews: (news: LoadNews) => void) {
    const { fleet, prefix, sockets } = request;
    this.#request = request;
    this.#onNews = onNews;
    this.#turns = new Turns(fleet);
    this.#kills = new Kills(fleet.devices, request.kills);
    this.#names = new DeviceNames(prefix, fleet.devices);
    this.#packets = new FleetPackets({
      ...request,
      devices: fleet.devices,
      names: this.#names,
      intervalSeconds: request.promisedSeconds,
      // Newer than all that an earlier run under these names may have said.
      firstEpoch: Math.floor(Date.now() / 1000),
    });
    this.#greeted = new Uint8Array(fleet.devices);
    this.#lastProbeMs = new Float64Array(fleet.devices);
    this.#batches = Array.from({ length: sockets }, (_, index) => this.#batch(index));
  }

  /** Connects, sends for as long as was asked, says goodbye. Throws `BROKER` when there is no connection at first. */
  async run(): Promise<LoadSummary> {
    const { fleet } = this.#request;
    const opened = await Promise.allSettled(this.#batches.map(({ socket }) => socket.open()));
    const failed = opened.find((result) => result.status === 'rejected');
    if (failed === undefined && !this.#stopped) {
      this.#onNews({
        event: 'started',
        devices: fleet.devices,
        probes_per_second: Math.round((fleet.devices * 1000) / fleet.intervalMs),
      });
      this.#startMs = performance.now();
      await new Promise<void>((resolve) => {
        this.#finish = resolve;
        this.#tick();
      });
      this.#seconds = this.#elapsedMs() / 1000;
      if (this.#request.saysGoodbye) await this.#sayGoodbye();
    }
    await Promise.all(this.#batches.map(({ socket }) => socket.close(GOODBYE_MS)));
    if (failed !== undefined) throw failed.reason;
    return this.#summary();
  }

  /** Ends early; asked once more, without the goodbyes that are still to be said. */
  stop(): void {
    this.#hurried = this.#stopped;
    this.#end();
  }

  /** Those killed so far, in the order of their deaths. */
  killed(): readonly Killed[] {
    return this.#killed.map((device) => {
      const lastProbeMs = this.#lastProbeMs[device] as number;
      return { device: this.#names.nameOf(device), lastProbeMs: lastProbeMs === 0 ? null : lastProbeMs };
    });
  }

  #elapsedMs(): number {
    return performance.now() - this.#startMs;
  }

  #batch(index: number): Batch {
    const { broker, sockets, prefix, fleet } = this.#request;
    const socket = new BrokerSocket(
      { ...broker, clientId: `${prefix}-load-${process.pid}-${index}` },
      {
        // Whoever lost its connection begins a new session.
        onUp: () => {
          for (let device = index; device < fleet.devices; device += sockets) this.#greeted[device] = 0;
        },
        onLost: (why) => {
          this.#batches[index]?.drop();
          this.#sent.lost += 1;
          this.#onNews({ event: 'connectionLost', at_ms: Math.round(this.#elapsedMs()), why });
        },
      },
    );
    return new Batch(socket);
  }

  #end(): void {
    this.#stopped = true;
    this.#finish();
  }

  async #sayGoodbye(): Promise<void> {
    const { fleet, qos, sockets } = this.#request;
    const leave = (device: number): boolean => {
      const batch = this.#batches[device % sockets] as Batch;
      // Whoever was killed, or never said who it is, ends without a word.
      if (this.#kills.silent[device] !== 0 || this.#greeted[device] === 0 || !batch.socket.up) return false;
      batch.add(this.#packets.goodbye(device), qos);
      return true;
    };
    const isHurried = (): boolean => this.#hurried;
    this.#sent.goodbyes = await sayGoodbye({
      ...{ devices: fleet.devices, batches: this.#batches, leave, isHurried },
    });
  }

  #tick(): void {
    if (this.#stopped) return;
    const elapsedMs = this.#elapsedMs();
    this.#kill(elapsedMs);
    if (elapsedMs >= this.#request.durationMs) {
      this.#end();
      return;
    }
    const due = this.#turns.dueAt(elapsedMs);
    const end = Math.min(due, this.#next + SPAN);
    const held = this.#batches.some(({ socket }) => socket.up && !socket.ready);
    if (!held) {
      const nowMs = Date.now();
      for (; this.#next < end; this.#next += 1) this.#turn(this.#next, nowMs);
      for (const batch of this.#batches) batch.flush();
    }
    if (this.#next < due) {
      this.#behindMaxMs = Math.max(this.#behindMaxMs, elapsedMs - this.#turns.dueMs(this.#next));
    }
    if (!this.#filled && this.#next >= this.#request.fleet.devices) {
      this.#filled = true;
      this.#onNews({ event: 'filled', at_ms: Math.round(elapsedMs) });
    }
    // Timers are no finer than a millisecond: who is behind goes on at once, after the sockets had their turn.
    if (this.#next < due && !held) setImmediate(() => this.#tick());
    else setTimeout(() => this.#tick(), held ? 1 : TICK_MS);
  }

  #kill(elapsedMs: number): void {
    const fallen = this.#kills.advance(elapsedMs);
    if (fallen.length === 0) return;
    for (const device of fallen) this.#killed.push(device);
    this.#onNews({ event: 'killed', at_ms: Math.round(elapsedMs), devices: fallen.length });
  }

  #turn(turn: number, nowMs: number): void {
    const { qos, sockets } = this.#request;
    const device = this.#turns.deviceAt(turn);
    if (this.#kills.silent[device] !== 0) return;
    const batch = this.#batches[device % sockets] as Batch;
    if (!batch.socket.up) {
      this.#sent.unsent += 1;
      return;
    }
    const act = this.#turns.actAt(turn, !this.#request.greets || this.#greeted[device] !== 0);
    if (act === 'greet' || act === 'reconnect') {
      this.#greeted[device] = 1;
      batch.add(this.#packets.greeting(device), qos);
      this.#sent.statuses += 1;
      if (act === 'reconnect') this.#sent.reconnects += 1;
    }
    if (act === 'probe' || act === 'greet') {
      const at = batch.reserve(this.#packets.probeBytes);
      this.#packets.copyProbe(device, batch.buffer, at);
      if (qos === 1) batch.identify(at + this.#packets.packetIdAt);
    } else {
      batch.add(this.#packets.vitals(device, Math.floor(turn / this.#request.fleet.devices)), qos);
      this.#sent.vitals += 1;
    }
    this.#lastProbeMs[device] = nowMs;
    this.#sent.probes += 1;
  }

  #summary(): LoadSummary {
    const { probes, statuses, vitals, reconnects, goodbyes, unsent, lost } = this.#sent;
    return {
      devices: this.#request.fleet.devices,
      sockets: this.#batches.length,
      seconds: Math.round(this.#seconds * 1000) / 1000,
      probes,
      statuses,
      vitals,
      reconnects,
      bytes: this.#batches.reduce((sum, { bytesSent }) => sum + bytesSent, 0),
      probes_per_second: this.#seconds === 0 ? 0 : Math.round(probes / this.#seconds),
      killed: this.#killed.length,
      goodbyes,
      unsent,
      connections_lost: lost,
      behind_max_ms: Math.round(this.#behindMaxMs),
    };
  }
}
