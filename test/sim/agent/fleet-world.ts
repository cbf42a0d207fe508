/** One device with pushed settings in a world of its own: path, broker, clocks and power are the test's. */
import { Agent } from '../../../agent/agent.ts';
import { Fleet } from '../../../agent/fleet.ts';
import { documentHash } from '../../../agent/io/fleet-store.ts';
import type { Link } from '../../../agent/io/mqtt-link.ts';
import { NOTHING_PUSHED } from '../../../agent/policy/fleet/fleet.ts';
import { inForce, layersOf } from '../../../agent/policy/fleet/layers.ts';
import { encodeRecord, parseRecord } from '../../../agent/policy/fleet/saved.ts';
import type { FleetConfig, FleetLayer } from '../../../agent/policy/fleet/types.ts';
import type { KeepaliveConfig, KeepaliveEvent } from '../../../agent/policy/keepalive/types.ts';
import { type ConfigurationDocument, encodeDocument, parseCompact } from '../../../protocol/configuration.ts';
import type { ConfigurationReport } from '../../../protocol/configuration-report.ts';
import { CONFIG, fixed, HOME } from '../../unit/agent/policy/keepalive/mind.ts';

const FLEET: FleetConfig = { device: 'pump-17', groups: [], ownKeys: 'own', sinceSeconds: 1_700_000_000 };
const START_SECONDS = 1_795_392_000;
const LATENCY_MS = 40;
const STEP_MS = 250;

/** What a document of this world sets: a fixed interval, or the wrong broker. */
export interface WorldSettings {
  readonly intervalSeconds?: number;
  readonly broker?: 'right' | 'wrong';
}

export interface Clock {
  tick(ms: number): void;
}

/** JWS as this world signs it: not at all. Signatures are another test's matter. */
function unsigned(document: ConfigurationDocument): string {
  const part = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
  return `${part(Buffer.from('{}'))}.${part(encodeDocument(document))}.AA`;
}

export class World {
  nowMs = 0;
  /** The wall clock may be set to anything. */
  wallSeconds = START_SECONDS;
  brokerUp = true;
  /** Silence after which the path forgets the connection, without a word. */
  pathLimitMs = Number.POSITIVE_INFINITY;
  /** Retained. */
  document: string | null = null;
  readonly reports: ConfigurationReport[] = [];
  readonly applied: { readonly atMs: number; readonly settings: WorldSettings }[] = [];
  settings: WorldSettings = {};
  isUp = false;
  lastHeardMs = 0;
  starts = 0;
  epochs: number[] = [];
  /** When the power went, in ms. */
  readonly cuts: number[] = [];
  #flash = encodeRecord(NOTHING_PUSHED);
  #fleet: Fleet | null = null;
  /** Of the power: what was before it went is not heard. */
  #life = 0;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #file: KeepaliveConfig;

  constructor(clock: Clock, random: () => number, intervalSeconds: number) {
    this.#clock = clock;
    this.#random = random;
    this.#file = fixed({ intervalSeconds, idleThresholdSeconds: intervalSeconds });
  }

  push(settings: WorldSettings, version: number, confirmWithinSeconds: number): void {
    this.document = unsigned({
      target: { kind: 'device', name: 'pump-17' },
      ...{ version, issuedAt: START_SECONDS, expiresAt: START_SECONDS + 864_000, confirmWithinSeconds },
      ...{ settings: settings as Readonly<Record<string, unknown>>, trustedKeys: null },
    });
    this.#deliver();
  }

  #deliver(): void {
    if (this.document !== null && this.isUp && this.brokerUp) {
      this.#fleet?.hear('config', new TextEncoder().encode(this.document));
    }
  }

  /** Lets time pass; the wall clock goes along. */
  async pass(seconds: number): Promise<void> {
    for (const until = this.nowMs + seconds * 1000; this.nowMs < until; ) {
      this.nowMs += STEP_MS;
      this.wallSeconds += STEP_MS / 1000;
      this.#clock.tick(STEP_MS);
      // Documents are examined between two turns of the loop.
      for (let turn = 0; turn < 4; turn += 1) await Promise.resolve();
    }
  }

  #config(settings: WorldSettings): KeepaliveConfig {
    const { intervalSeconds = this.#file.keepalive.intervalSeconds } = settings;
    return {
      ...fixed({ intervalSeconds, idleThresholdSeconds: intervalSeconds }),
      reconnect: CONFIG.reconnect,
    };
  }

  /** The power goes. */
  cut(): void {
    this.cuts.push(this.nowMs);
    this.#life += 1;
    this.#fleet = null;
    this.isUp = false;
  }

  /** The power is back: what is on flash runs. */
  boot(): void {
    this.starts += 1;
    const record = parseRecord(this.#flash, documentHash);
    if (record === null) throw new Error('the record was damaged');
    const settingsOf = (layers: readonly FleetLayer[]): WorldSettings =>
      Object.assign({}, ...layers.map(({ settings }) => settings));
    this.settings = settingsOf(layersOf(inForce(record.confirmed, FLEET)));
    const life = this.#life;
    const alive = (act: () => void): void => {
      if (this.#life === life) act();
    };
    const log = { write: () => {}, flush: async () => {} };
    const fleet: Fleet = new Fleet(
      {
        config: FLEET,
        fileKeys: [],
        store: {
          record,
          damaged: false,
          write: (next) => {
            this.#flash = encodeRecord(next);
          },
        },
        verify: async (text) => ({ ok: true, payload: parseCompact(text)?.payload ?? new Uint8Array() }),
        check: (layers) => {
          const settings = settingsOf(layers);
          const { keepalive } = this.#config(settings);
          const reconnects = (settings.broker ?? 'right') !== (this.settings.broker ?? 'right');
          const fixedIntervalMs = keepalive.intervalSeconds * 1000;
          return { ok: true, plan: { reconnects, fixedIntervalMs, count: keepalive.count, overridden: [] } };
        },
        apply: (layers) => {
          const settings = settingsOf(layers);
          const replaced = (settings.broker ?? 'right') !== (this.settings.broker ?? 'right');
          this.settings = settings;
          this.applied.push({ atMs: this.nowMs, settings });
          agent.reconfigure(this.#config(settings), replaced ? 'replaced' : 'kept');
        },
        versionChanged: () => {},
        probe: () => agent.handle({ kind: 'probeWanted' }),
        publish: (report, onDone) => {
          const arrives = this.isUp && this.brokerUp;
          if (arrives) this.reports.push(report);
          onDone(arrives);
        },
        listen: () => this.#deliver(),
        wakeChanged: () => alive(() => agent.wakeChanged()),
        now: () => this.nowMs,
        wallSeconds: () => Math.floor(this.wallSeconds),
        log,
      },
      { overridden: [], leftOut: [] },
    );
    const agent: Agent = new Agent({
      config: this.#config(this.settings),
      starts: this.starts,
      clock: { now: () => this.nowMs, suspendedMs: () => 0 },
      random: this.#random,
      log,
      createLink: (emit) => this.#link(emit, alive),
      beliefs: { load: () => null, link: () => null, save: () => {} },
      serviceManager: { watchdogMs: null, notify: () => {} },
      readPower: () => ({ batteryPercent: null, external: true }),
      readSignalDbm: () => null,
      timerSlack: { follow: () => {} },
      companion: {
        // A dead device must not keep its timers.
        follow: (...facts) => alive(() => fleet.follow(...facts)),
        wakeAt: () => (this.#life === life ? fleet.wakeAt() : null),
        remark: () => fleet.remark(),
      },
    });
    this.#fleet = fleet;
    void agent.run();
  }

  /** A connection; it ends without a word when the path forgets it, and with one when the broker goes. */
  #link(emit: (event: KeepaliveEvent) => void, alive: (act: () => void) => void): Link {
    let current = 0;
    let lastPacketMs = 0;
    const later = (act: () => void): void => {
      const mine = current;
      setTimeout(() => {
        if (current === mine) alive(act);
      }, LATENCY_MS);
    };
    const passes = (): boolean => {
      const passed = this.brokerUp && this.nowMs - lastPacketMs <= this.pathLimitMs;
      if (passed) lastPacketMs = this.nowMs;
      return passed;
    };
    return {
      connect: (effect) => {
        current += 1;
        alive(() => {
          this.isUp = false;
        });
        const isRight = (this.settings.broker ?? 'right') === 'right';
        later(() => {
          if (!isRight || !this.brokerUp) {
            emit({ kind: 'connectFailed', failure: { kind: 'port-closed', message: 'refused' } });
            return;
          }
          lastPacketMs = this.nowMs;
          this.isUp = true;
          this.epochs.push(effect.will.epoch);
          this.lastHeardMs = this.nowMs;
          emit({ kind: 'linkUp', serverKeepAliveSeconds: null, tlsResumed: false });
          emit({ kind: 'networkIdentified', network: HOME, belief: null });
          this.#deliver();
        });
      },
      publishProbe: (id) => {
        alive(() => void passes());
        if (this.nowMs !== lastPacketMs) return;
        later(() => {
          this.lastHeardMs = this.nowMs;
          emit({ kind: 'packetReceived' });
          emit({ kind: 'probeAcked', id });
        });
      },
      publishStatus: () => alive(() => void passes()),
      publishReport: () => {},
      close: () =>
        alive(() => {
          current += 1;
          this.isUp = false;
        }),
      openBeside: () => {},
      dropBeside: () => {},
      path: () => null,
      tuneSocket: () => {},
    };
  }
}
