/** Pushed settings on this device: what happens on the link goes to their policy, its effects are carried out. */
import { MAX_CONFIGURATION_BYTES } from '../protocol/configuration.ts';
import type { ConfigurationReport } from '../protocol/configuration-report.ts';
import { decodeUtf8 } from '../protocol/strict-json.ts';
import type { Log } from '../runtime/log.ts';
import type { Companion } from './agent.ts';
import { documentHash, type FleetStore } from './io/fleet-store.ts';
import { fleetStep, initialFleet } from './policy/fleet/fleet.ts';
import { trustedKeys } from './policy/fleet/layers.ts';
import { remarkOf } from './policy/fleet/report.ts';
import type {
  Checked,
  FleetConfig,
  FleetEffect,
  FleetEvent,
  FleetLayer,
  FleetState,
} from './policy/fleet/types.ts';
import { epochOf } from './policy/keepalive/bounds.ts';
import type { KeepaliveEffect, KeepaliveEvent, KeepaliveState } from './policy/keepalive/types.ts';

export type Verified =
  | { readonly ok: true; readonly payload: Uint8Array }
  | { readonly ok: false; readonly refusal: string };

export interface FleetParts {
  readonly config: FleetConfig;
  /** `fleet.trusted_keys` of the file. */
  readonly fileKeys: readonly string[];
  readonly store: FleetStore;
  readonly verify: (text: string, keys: readonly string[]) => Promise<Verified>;
  readonly check: (layers: readonly FleetLayer[]) => Checked;
  /** Runs with these layers from now on; throws when it cannot. */
  readonly apply: (layers: readonly FleetLayer[]) => void;
  readonly versionChanged: (version: number | null) => void;
  readonly probe: () => void;
  readonly publish: (report: ConfigurationReport, onDone: (ok: boolean) => void) => void;
  readonly listen: () => void;
  /** When the agent is to look again at `wakeAt`. */
  readonly wakeChanged: () => void;
  /** Milliseconds on the agent's clock. */
  readonly now: () => number;
  readonly wallSeconds: () => number;
  readonly log: Log;
}

/** One device's pushed settings. */
export class Fleet implements Companion {
  readonly #parts: FleetParts;
  readonly #queue: FleetEvent[] = [];
  /** The newest of each topic that is not examined yet. */
  readonly #unexamined = new Map<string, Uint8Array>();
  #examining = false;
  #stepping = false;
  #state: FleetState;
  #wakeAt: number | null = null;
  #wasUp = false;

  /** `overridden`, `leftOut`: what came of the confirmed documents when the settings were loaded. */
  constructor(
    parts: FleetParts,
    found: { readonly overridden: readonly string[]; readonly leftOut: readonly string[] },
  ) {
    this.#parts = parts;
    this.#state = initialFleet(parts.store.record);
    const { damaged } = parts.store;
    this.handle({ kind: 'started', wallSeconds: parts.wallSeconds(), damaged, ...found });
  }

  /** A document, or what is not one, came on `topic`. */
  hear(topic: string, payload: Uint8Array): void {
    // Nothing is retained there: the device keeps what it runs.
    if (payload.length === 0) return;
    this.#unexamined.set(topic, payload);
    if (!this.#examining) void this.#examineAll();
  }

  follow(
    event: KeepaliveEvent,
    effects: readonly KeepaliveEffect[],
    state: KeepaliveState,
    _now: number,
  ): void {
    if (state.phase !== 'running') return;
    const isUp = state.reconnect.phase === 'up';
    if (this.#wasUp && !isUp) this.#queue.push({ kind: 'linkLost' });
    this.#wasUp = isUp;
    switch (event.kind) {
      case 'linkUp':
        this.#queue.push({ kind: 'linkUp', epoch: epochOf(state) });
        break;
      case 'connectFailed':
      case 'probeAcked':
      case 'probeRefused':
      case 'resumed':
      case 'timePassed':
        this.#queue.push(event);
        break;
    }
    for (const effect of effects) {
      if (effect.kind === 'publishProbe') this.#queue.push({ kind: 'probeSent', id: effect.id });
    }
    this.#drain();
  }

  wakeAt(): number | null {
    return this.#wakeAt;
  }

  remark(): string | null {
    return remarkOf(this.#state);
  }

  /** Takes a fact in. Facts that an effect brings about wait for the step under way. */
  handle(event: FleetEvent): void {
    this.#queue.push(event);
    this.#drain();
  }

  #drain(): void {
    if (this.#stepping) return;
    this.#stepping = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
        const step = fleetStep(this.#state, next, this.#parts.now(), this.#parts.config);
        this.#state = step.state;
        this.#wakeAt = step.wakeAt;
        for (const effect of step.effects) this.#carryOut(effect);
      }
    } finally {
      this.#stepping = false;
    }
  }

  #carryOut(effect: FleetEffect): void {
    const parts = this.#parts;
    switch (effect.kind) {
      case 'check':
        this.#queue.push({ kind: 'checked', result: parts.check(effect.layers) });
        break;
      case 'store':
        this.#store(effect);
        break;
      case 'apply':
        this.#apply(effect.layers);
        break;
      case 'versionChanged':
        parts.versionChanged(effect.version);
        break;
      case 'probe':
        parts.probe();
        break;
      case 'listen':
        parts.listen();
        break;
      case 'report':
        parts.publish(effect.report, (ok) => this.handle({ kind: 'reportSettled', ok }));
        break;
      case 'log':
        parts.log.write(effect.level, effect.event, effect.message, effect.fields);
        break;
    }
  }

  #store({ purpose, record }: Extract<FleetEffect, { kind: 'store' }>): void {
    try {
      this.#parts.store.write(record);
      this.#queue.push({ kind: 'stored', purpose });
    } catch (error) {
      this.#queue.push({ kind: 'storeFailed', purpose, detail: messageOf(error) });
    }
  }

  #apply(layers: readonly FleetLayer[]): void {
    try {
      this.#parts.apply(layers);
    } catch (error) {
      // Without a trial these were the last-good settings: only a new start can bring them back.
      if (this.#state.trial === null) throw error;
      this.#queue.push({ kind: 'applyFailed', detail: messageOf(error) });
    }
  }

  /** One after the other, in the order in which they came. Never rejects. */
  async #examineAll(): Promise<void> {
    this.#examining = true;
    for (const [topic, payload] of this.#unexamined) {
      this.#unexamined.delete(topic);
      this.handle(await this.#examine(payload));
      this.#parts.wakeChanged();
    }
    this.#examining = false;
  }

  async #examine(payload: Uint8Array): Promise<FleetEvent> {
    const { fileKeys, config, verify, wallSeconds } = this.#parts;
    const hash = documentHash(payload);
    const refused = (refusal: string, detail: string): FleetEvent => ({
      kind: 'documentRefused',
      hash,
      refusal,
      detail,
    });
    if (payload.length > MAX_CONFIGURATION_BYTES) return refused('too-large', `${payload.length} bytes`);
    const text = decodeUtf8(payload);
    if (text === null) return refused('not-utf8', 'it is not UTF-8');
    const keys = trustedKeys(this.#state.record, fileKeys, config.ownKeys);
    const verified = await verify(text, keys);
    if (!verified.ok) return refused(verified.refusal, `its signature: ${verified.refusal}`);
    return { kind: 'documentHeard', hash, text, payload: verified.payload, wallSeconds: wallSeconds() };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
