/** The policy of pushed settings on injected time: what a shell would do follows at once, and all is written down. */
import assert from 'node:assert/strict';
import { fleetStep, initialFleet, NOTHING_PUSHED } from '../../../../../agent/policy/fleet/fleet.ts';
import type {
  Checked,
  FleetConfig,
  FleetEffect,
  FleetEvent,
  FleetLayer,
  FleetRecord,
  FleetState,
  Plan,
  StorePurpose,
} from '../../../../../agent/policy/fleet/types.ts';
import { type ConfigurationDocument, encodeDocument } from '../../../../../protocol/configuration.ts';
import type { ConfigurationReport, DocumentFate } from '../../../../../protocol/configuration-report.ts';
import type { ConnectFailureKind } from '../../../../../runtime/connect-failure.ts';

/** 2026-11-23 */
export const NOW_SECONDS = 1_795_392_000;

export const CONFIG: FleetConfig = {
  device: 'pump-17',
  groups: ['pumps', 'pilot'],
  ownKeys: 'own-keys',
  sinceSeconds: Date.UTC(2026, 0, 1) / 1000,
};

/** Adapts, over the connection that is there. */
export const PLAN: Plan = { reconnects: false, fixedIntervalMs: null, count: 3, overridden: [] };

/** A document for the group `pilot` that may take a minute. */
export function documentOf(change: Partial<ConfigurationDocument> = {}): ConfigurationDocument {
  return {
    target: { kind: 'group', name: 'pilot' },
    version: 1,
    issuedAt: NOW_SECONDS - 60,
    expiresAt: NOW_SECONDS + 86_400,
    confirmWithinSeconds: 60,
    settings: { keepalive_interval: '2m' },
    trustedKeys: null,
    ...change,
  };
}

export const hashOf = ({ target, version }: ConfigurationDocument): string =>
  `${target.name}-${version}`.padEnd(16, '0').slice(0, 16);

/** A device whose flash, clock and network the test turns. */
export class Device {
  /** What survives a loss of power. */
  flash: FleetRecord;
  state: FleetState;
  nowMs = 0;
  wallSeconds = NOW_SECONDS;
  wakeAt: number | null = null;
  /** What it would find when it checks settings. */
  checked: Checked = { ok: true, plan: PLAN };
  /** Stores that fail. */
  failing: StorePurpose[] = [];
  /** The settings in force, newest last. */
  readonly applied: (readonly FleetLayer[])[] = [];
  readonly reports: ConfigurationReport[] = [];
  readonly effects: FleetEffect[] = [];
  probesWanted = 0;
  #probe = 0;
  #epoch = 1;

  constructor(flash: FleetRecord = NOTHING_PUSHED) {
    this.flash = flash;
    this.state = initialFleet(flash);
    this.tell({
      kind: 'started',
      wallSeconds: this.wallSeconds,
      overridden: [],
      leftOut: [],
      damaged: false,
    });
  }

  /** The power goes and comes back: flash is all that is left. */
  restarted(): Device {
    return new Device(structuredClone(this.flash));
  }

  tell(event: FleetEvent): void {
    const step = fleetStep(this.state, event, this.nowMs, CONFIG);
    assert.deepEqual(structuredClone(step.state), step.state, 'the state is plain data');
    this.state = step.state;
    this.wakeAt = step.wakeAt;
    for (const effect of step.effects) {
      this.effects.push(effect);
      this.#carryOut(effect);
    }
  }

  #carryOut(effect: FleetEffect): void {
    if (effect.kind === 'check') this.tell({ kind: 'checked', result: this.checked });
    if (effect.kind === 'apply') this.applied.push(effect.layers);
    if (effect.kind === 'report') this.reports.push(effect.report);
    if (effect.kind === 'probe') this.probesWanted += 1;
    if (effect.kind !== 'store') return;
    const { purpose, record } = effect;
    if (this.failing.includes(purpose)) {
      this.tell({ kind: 'storeFailed', purpose, detail: 'no space left on device' });
      return;
    }
    this.flash = record;
    this.tell({ kind: 'stored', purpose });
  }

  /** What a connection brings: it is up, and retained documents are heard. */
  connect(...documents: readonly ConfigurationDocument[]): this {
    this.#epoch += 1;
    this.tell({ kind: 'linkUp', epoch: this.#epoch });
    for (const document of documents) this.hear(document);
    return this;
  }

  hear(document: ConfigurationDocument, hash = hashOf(document)): void {
    const text = `jws of ${hash}`;
    this.tell({
      kind: 'documentHeard',
      ...{ hash, text, payload: encodeDocument(document), wallSeconds: this.wallSeconds },
    });
  }

  /** A probe goes out; with an answer unless told otherwise. */
  probe(answer: 'acked' | 'refused' | 'none' = 'acked'): void {
    this.#probe += 1;
    this.tell({ kind: 'probeSent', id: this.#probe });
    if (answer === 'acked') this.tell({ kind: 'probeAcked', id: this.#probe });
    if (answer === 'refused') this.tell({ kind: 'probeRefused', id: this.#probe, detail: 'not authorized' });
  }

  lose(): void {
    this.tell({ kind: 'linkLost' });
  }

  failToConnect(kind: ConnectFailureKind = 'network'): void {
    this.tell({ kind: 'connectFailed', failure: { kind, message: kind } });
  }

  /** Lets time pass, waking whenever that was wanted; probes that are asked for are answered. */
  pass(seconds: number): void {
    const until = this.nowMs + seconds * 1000;
    for (let wakes = 0; this.wakeAt !== null && this.wakeAt <= until; wakes += 1) {
      assert.ok(wakes < 1000, 'a busy loop');
      this.nowMs = Math.max(this.nowMs, this.wakeAt);
      const before = this.probesWanted;
      this.tell({ kind: 'timePassed' });
      if (this.probesWanted > before) this.probe();
    }
    this.nowMs = until;
  }

  /** Answers what a trial over the connection that is there asks for. */
  passTrial(): void {
    for (let i = 0; i < 10 && this.state.trial !== null; i += 1) {
      this.nowMs += 5000;
      this.probe();
    }
  }

  get last(): DocumentFate | null {
    return this.state.last;
  }

  /** How the last document ended, in short: `rolled-back no-answers`. */
  get fate(): string {
    return [this.last?.state, this.last?.reason].filter((word) => word !== null).join(' ');
  }

  /** Versions in force, in their order. */
  get inForce(): readonly string[] {
    return (this.applied.at(-1) ?? []).map(
      ({ origin }) => `${origin.kind}:${origin.name} v${origin.version}`,
    );
  }

  get running(): readonly string[] {
    const report = this.reports.at(-1);
    return report?.running.map(({ target, version }) => `${target.kind}:${target.name} v${version}`) ?? [];
  }
}
