/** A device that takes pushed settings by the production policy, in a world that a test turns. */
import { fleetStep, initialFleet, NOTHING_PUSHED } from '../../../agent/policy/fleet/fleet.ts';
import type { FleetEffect, FleetEvent, FleetRecord, FleetState } from '../../../agent/policy/fleet/types.ts';
import type { ConfigurationReport } from '../../../protocol/configuration-report.ts';

/** What the device meets. All times in ms of the simulation. */
export interface Surroundings {
  readonly nowMs: () => number;
  readonly random: () => number;
  readonly wallSeconds: () => number;
  /** Whether packets pass between the device and the broker. */
  readonly reaches: (device: RolloutDevice) => boolean;
  readonly onProbe: (device: RolloutDevice) => void;
  readonly onUp: (device: RolloutDevice) => void;
  readonly onReport: (device: RolloutDevice, report: ConfigurationReport) => void;
}

export const INTERVAL_SECONDS = 60;
const REPEAT_MS = 10_000;
const UNANSWERED = 3;
const MAX_BACKOFF_MS = 60_000;

export class RolloutDevice {
  readonly name: string;
  readonly network: string;
  /** Settings that say `poison` cut this device off. */
  readonly isAllergic: boolean;
  epoch = 0;
  /** Until when its own path is dark. */
  darkUntilMs = 0;
  /** It has tried settings that say `poison`. */
  tasted = false;
  readonly #world: Surroundings;
  readonly #config;
  #flash: FleetRecord = NOTHING_PUSHED;
  #state: FleetState = initialFleet(NOTHING_PUSHED);
  #wakeAt: number | null = null;
  #isPoisoned = false;
  #isUp = false;
  #nextProbeMs = 0;
  #nextConnectMs: number;
  #failures = 0;
  #unanswered = 0;
  #probe = 0;

  constructor(name: string, network: string, isAllergic: boolean, world: Surroundings) {
    this.name = name;
    this.network = network;
    this.isAllergic = isAllergic;
    this.#world = world;
    this.#config = { device: name, groups: ['pilot'], ownKeys: 'own', sinceSeconds: 1_700_000_000 };
    this.#nextConnectMs = world.random() * 30_000;
    this.#tell({
      kind: 'started',
      wallSeconds: world.wallSeconds(),
      overridden: [],
      leftOut: [],
      damaged: false,
    });
  }

  /** The settings in force cut it off. */
  get isCutOff(): boolean {
    return this.#isPoisoned && this.isAllergic;
  }

  /** Documents that were confirmed, by hash. */
  get confirmed(): readonly string[] {
    return this.#flash.confirmed.map(({ hash }) => hash);
  }

  hear(hash: string, text: string, payload: Uint8Array): void {
    if (!this.#isUp || !this.#reaches()) return;
    this.#tell({ kind: 'documentHeard', hash, text, payload, wallSeconds: this.#world.wallSeconds() });
  }

  /** Time went on. */
  tick(): void {
    const now = this.#world.nowMs();
    if (this.#wakeAt !== null && this.#wakeAt <= now) this.#tell({ kind: 'timePassed' });
    if (this.#isUp && now >= this.#nextProbeMs) this.#sendProbe(now);
    else if (!this.#isUp && now >= this.#nextConnectMs) this.#connect(now);
  }

  #reaches(): boolean {
    return !this.isCutOff && this.#world.reaches(this);
  }

  #sendProbe(now: number): void {
    this.#probe += 1;
    this.#tell({ kind: 'probeSent', id: this.#probe });
    if (!this.#isUp) return;
    if (this.#reaches()) {
      this.#unanswered = 0;
      this.#nextProbeMs = now + INTERVAL_SECONDS * 1000;
      this.#world.onProbe(this);
      this.#tell({ kind: 'probeAcked', id: this.#probe });
      return;
    }
    this.#unanswered += 1;
    this.#nextProbeMs = now + REPEAT_MS;
    if (this.#unanswered >= UNANSWERED) this.#drop(now + this.#world.random() * 5000);
  }

  #connect(now: number): void {
    if (!this.#reaches()) {
      this.#failures += 1;
      const backoffMs = Math.min(MAX_BACKOFF_MS, 1000 * 2 ** this.#failures);
      this.#nextConnectMs = now + this.#world.random() * backoffMs;
      this.#tell({ kind: 'connectFailed', failure: { kind: 'network', message: 'no answer' } });
      return;
    }
    this.#isUp = true;
    this.#failures = 0;
    this.#unanswered = 0;
    this.epoch += 1;
    this.#nextProbeMs = now + this.#world.random() * INTERVAL_SECONDS * 1000;
    this.#tell({ kind: 'linkUp', epoch: this.epoch });
    this.#world.onUp(this);
  }

  #drop(nextConnectMs: number): void {
    this.#nextConnectMs = nextConnectMs;
    if (!this.#isUp) return;
    this.#isUp = false;
    this.#tell({ kind: 'linkLost' });
  }

  #tell(event: FleetEvent): void {
    const step = fleetStep(this.#state, event, this.#world.nowMs(), this.#config);
    this.#state = step.state;
    this.#wakeAt = step.wakeAt;
    for (const effect of step.effects) this.#carryOut(effect);
  }

  #carryOut(effect: FleetEffect): void {
    const now = this.#world.nowMs();
    switch (effect.kind) {
      case 'check': {
        const plan = { reconnects: true, fixedIntervalMs: null, count: 3, overridden: [] };
        this.#tell({ kind: 'checked', result: { ok: true, plan } });
        break;
      }
      case 'store':
        this.#flash = effect.record;
        this.#tell({ kind: 'stored', purpose: effect.purpose });
        break;
      case 'apply':
        this.#isPoisoned = effect.layers.some(({ settings }) => settings.poison === true);
        this.tasted ||= this.#isPoisoned;
        this.#drop(now);
        break;
      case 'probe':
        this.#nextProbeMs = now;
        break;
      case 'report': {
        const ok = this.#isUp && this.#reaches();
        if (ok) this.#world.onReport(this, effect.report);
        this.#tell({ kind: 'reportSettled', ok });
        break;
      }
    }
  }
}
