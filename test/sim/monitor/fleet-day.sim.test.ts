import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Status } from '../../../protocol/status.ts';
import { GRACE_MS, newWorld } from './world.ts';

const DEVICES = 150;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const LOSS = 0.01;
const MAX_DELAY_MS = 1500;
const MAX_BACKOFF_MS = 60_000;

/** A device that keeps its promise, reconnects with full jitter, answers when asked, and may be killed. */
interface Device {
  readonly name: string;
  readonly intervalSeconds: number;
  readonly count: number;
  readonly killedMs: number;
  epoch: number;
  online: boolean;
  /** Tells a running chain of probes from one of an earlier session. */
  session: number;
}

/** 24 hours: the broker restarts every hour, the monitor every three (also killed, not stopped). */
class Day {
  readonly devices: Device[] = [];
  readonly #world;
  readonly #retained = new Map<string, Status>();
  #brokerUp = true;
  #monitorLinked = false;

  constructor(seed: number) {
    this.#world = newWorld(seed, (name) => this.#ask(name));
    for (let n = 0; n < DEVICES; n += 1) {
      const device: Device = {
        name: `device-${n}`,
        intervalSeconds: Math.round(this.#within(30, 600)),
        count: 2 + Math.floor(this.#world.random() * 3),
        killedMs: this.#world.random() < 0.3 ? this.#within(0, DAY_MS) : Number.POSITIVE_INFINITY,
        epoch: 0,
        online: false,
        session: 0,
      };
      this.devices.push(device);
      this.#world.agenda.at(this.#within(0, 30_000), () => this.#connect(device));
      if (device.killedMs < DAY_MS) this.#world.agenda.at(device.killedMs, () => this.#kill(device));
    }
    this.#link();
    for (let hour = 1; hour < 24; hour += 1) {
      this.#world.agenda.at(hour * HOUR_MS, () => this.#restartBroker());
      if (hour % 3 === 0) this.#world.agenda.at((hour + 0.4) * HOUR_MS, () => this.#restartMonitor());
    }
  }

  get monitor() {
    return this.#world.monitor;
  }

  #within(low: number, high: number): number {
    return low + this.#world.random() * (high - low);
  }

  #isKilled(device: Device): boolean {
    return this.#world.agenda.nowMs >= device.killedMs;
  }

  #connect(device: Device): void {
    if (this.#isKilled(device) || device.online) return;
    if (!this.#brokerUp) {
      this.#world.agenda.after(this.#within(0, MAX_BACKOFF_MS), () => this.#connect(device));
      return;
    }
    device.epoch += 1;
    device.session += 1;
    device.online = true;
    this.#say(device, 'online');
    this.#probeLater(device, device.session);
  }

  #kill(device: Device): void {
    if (!device.online) return;
    device.online = false;
    // The broker notices at 1.5 × its Keep Alive, unless it restarts before.
    const { epoch } = device;
    this.#world.agenda.after(device.intervalSeconds * 1500, () => {
      if (this.#brokerUp && device.epoch === epoch) this.#say(device, 'offline');
    });
  }

  #say(device: Device, state: 'online' | 'offline'): void {
    const status: Status = {
      ...{ state, epoch: device.epoch, intervalSeconds: device.intervalSeconds, count: device.count },
      ...{
        reason: 'configured',
        agentVersion: '0.1.0',
        network: null,
        groups: [],
        configurationVersion: null,
      },
      counters: { probes: 0, reconnects: device.epoch, lapses: 0 },
    };
    this.#retained.set(device.name, status);
    // QoS 1: late at times, never lost while the monitor is subscribed.
    this.#deliver(0, () =>
      this.monitor.tell((watch, now) => watch.statusHeard(device.name, status, false, now)),
    );
  }

  #probeLater(device: Device, session: number): void {
    this.#world.agenda.after(device.intervalSeconds * 1000, () => {
      if (device.session !== session || !device.online || this.#isKilled(device)) return;
      this.#probe(device);
      this.#probeLater(device, session);
    });
  }

  #probe(device: Device): void {
    const probe = {
      promisedSeconds: device.intervalSeconds,
      repeat: false,
      externalPower: false,
      vitals: null,
    };
    this.#deliver(LOSS, () => this.monitor.tell((watch, now) => watch.probeHeard(device.name, probe, now)));
  }

  #ask(name: string): void {
    const device = this.devices.find((candidate) => candidate.name === name);
    if (device === undefined) return;
    this.#world.agenda.after(this.#within(0, MAX_DELAY_MS), () => {
      if (device.online && !this.#isKilled(device)) this.#probe(device);
    });
  }

  /** Through the broker to the monitor: only while both are up and linked, at sending and at arrival. */
  #deliver(loss: number, arrive: () => void): void {
    if (!this.#monitorLinked || this.#world.random() < loss) return;
    this.#world.agenda.after(this.#within(0, MAX_DELAY_MS), () => {
      if (this.#monitorLinked) arrive();
    });
  }

  #restartBroker(): void {
    this.#brokerUp = false;
    const wasLinked = this.#monitorLinked;
    this.#monitorLinked = false;
    if (wasLinked) this.monitor.tell((watch, now) => watch.doubt('link-lost', now));
    // Some brokers keep what is retained, some lose it.
    if (this.#world.random() < 0.5) this.#retained.clear();
    for (const device of this.devices) {
      if (!device.online) continue;
      device.online = false;
      this.#world.agenda.after(this.#within(0, MAX_BACKOFF_MS), () => this.#connect(device));
    }
    this.#world.agenda.after(this.#within(1000, 120_000), () => {
      this.#brokerUp = true;
      this.#world.agenda.after(this.#within(0, 20_000), () => this.#link());
    });
  }

  #restartMonitor(): void {
    this.#monitorLinked = false;
    this.monitor.stop();
    this.#world.agenda.after(this.#within(1000, 600_000), () => {
      this.monitor.start();
      this.#link();
    });
  }

  /** Subscribed: the broker replays what is retained. */
  #link(): void {
    if (!this.#brokerUp || this.#monitorLinked) return;
    this.#monitorLinked = true;
    this.monitor.tell((watch, now) => watch.trust('link-lost', now));
    for (const [name, status] of this.#retained) {
      this.#deliver(0, () => this.monitor.tell((watch, now) => watch.statusHeard(name, status, true, now)));
    }
  }
}

for (const seed of [7, 4_711, 271_828]) {
  test(`a day with restarts, losses and delays: no false death, every true one once (seed ${seed})`, (t) => {
    const day = new Day(seed);
    day.monitor.run(DAY_MS + 6 * HOUR_MS);
    const killed = day.devices.filter(({ killedMs }) => killedMs < DAY_MS);
    for (const device of day.devices) {
      const deaths = day.monitor.transitions.filter(
        (told) => told.device === device.name && told.to === 'dead',
      );
      const [death] = deaths;
      assert.equal(
        deaths.length,
        killed.includes(device) ? 1 : 0,
        `${device.name} at ${death && day.monitor.msOf(death)}`,
      );
      if (death === undefined) continue;
      // Counted from the last probe that arrived: the one before the kill may have been lost.
      const timeoutMs = device.intervalSeconds * 1000 * device.count + GRACE_MS;
      assert.ok(death.atMs - (death.lastHeardMs ?? 0) >= timeoutMs, `${device.name} early`);
      assert.ok(day.monitor.msOf(death) > device.killedMs, `${device.name} before it was killed`);
    }
    assert.equal(day.monitor.opened.length, killed.length);
    assert.deepEqual(day.monitor.resolved, []);
    const lapses = day.monitor.transitions.filter(({ cause }) => cause === 'promise-lapsed').length;
    t.diagnostic(`seed ${seed}: ${killed.length} killed and flagged, ${lapses} lapses, none else dead`);
  });
}
