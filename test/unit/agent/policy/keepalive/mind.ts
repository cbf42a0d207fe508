/** The whole policy on injected time: facts in, every effect and its moment written down. */
import assert from 'node:assert/strict';
import {
  answered,
  type IdleTimeoutBelief,
  newBelief,
  unansweredThenReconnected,
} from '../../../../../agent/policy/idle-timeout-belief.ts';
import type { Network } from '../../../../../agent/policy/interval.ts';
import { initialKeepalive, keepaliveStep } from '../../../../../agent/policy/keepalive/keepalive.ts';
import type {
  KeepaliveConfig,
  KeepaliveEffect,
  KeepaliveEvent,
  KeepaliveState,
  PathState,
} from '../../../../../agent/policy/keepalive/types.ts';
import type { Power } from '../../../../../agent/policy/vitals.ts';
import type { Probe } from '../../../../../protocol/probe.ts';
import type { Status } from '../../../../../protocol/status.ts';

export const CONFIG: KeepaliveConfig = {
  groups: ['pumps'],
  agentVersion: 'tested',
  keepalive: {
    intervalSeconds: 30,
    count: 3,
    timeoutSeconds: 90,
    idleThresholdSeconds: 60,
    adaptive: 'balanced',
    minIntervalSeconds: 15,
    maxIntervalSeconds: 1200,
    maxDetectionSeconds: 1800,
  },
  verdict: { initialSeconds: 15, floorSeconds: 3, ceilingSeconds: 30 },
  reconnect: { minDelaySeconds: 1, maxDelaySeconds: 300, stableAfterSeconds: 60 },
  lowBatteryPercent: 20,
  pathLimitSeconds: null,
  protocol: 'auto',
  connectTimeoutSeconds: 20,
};

export const HOME: Network = { key: 'n1-home', radio: 'lte' };
export const AWAY: Network = { key: 'n1-away', radio: 'wifi' };

/** What a device believes after twenty answers at one silence and three drops at another, in seconds. */
export function believing(lasts: number, forgets: number | null): IdleTimeoutBelief {
  let belief = newBelief();
  for (let probe = 0; probe < 20; probe += 1) belief = answered(belief, lasts);
  for (let drop = 0; drop < 3 && forgets !== null; drop += 1) {
    belief = unansweredThenReconnected(belief, forgets, 0).belief;
  }
  return belief;
}

/** `CONFIG` with some of `keepalive` changed; the interval does not adapt unless `adaptive` says so. */
export function fixed(change: Partial<KeepaliveConfig['keepalive']> = {}): KeepaliveConfig {
  const keepalive = { ...CONFIG.keepalive, adaptive: false as const, ...change };
  const timeoutSeconds = keepalive.intervalSeconds * keepalive.count;
  return { ...CONFIG, keepalive: { ...keepalive, timeoutSeconds } };
}

export interface Happened {
  readonly at: number;
  readonly effect: KeepaliveEffect;
}

type Connect = Extract<KeepaliveEffect, { kind: 'connect' }>;

/** More wake-ups than this at one moment are a busy loop. */
const WAKE_UPS_AT_ONCE = 3;

const HALF = (): number => 0.5;

export class Mind {
  readonly happened: Happened[] = [];
  readonly config: KeepaliveConfig;
  power: Power = { batteryPercent: null, external: true };
  signalDbm: number | null = null;
  /** What the kernel says of the link's socket, where that is asked for; null: it says nothing. */
  path: PathState | null = null;
  /** Where the connections go through. */
  network: Network = HOME;
  /** What the device keeps over restarts. */
  flash: Map<string, IdleTimeoutBelief> = new Map();
  state: KeepaliveState;
  wakeAt: number | null = null;
  /** Milliseconds. */
  now: number;
  readonly #random: () => number;

  constructor(config: KeepaliveConfig = CONFIG, { random = HALF, starts = 1 } = {}) {
    this.config = config;
    this.#random = random;
    this.now = 0;
    this.state = initialKeepalive(config, starts);
  }

  /** Takes an event in now. The shell's part, reading the vitals, follows at once as it does there. */
  tell(event: KeepaliveEvent): readonly KeepaliveEffect[] {
    const step = keepaliveStep(this.state, event, this.now, this.config, this.#random);
    assert.deepEqual(structuredClone(step.state), step.state, 'the state is plain data');
    this.state = step.state;
    this.wakeAt = step.wakeAt;
    const effects: KeepaliveEffect[] = [];
    for (const effect of step.effects) {
      this.happened.push({ at: this.now, effect });
      effects.push(effect);
      if (effect.kind === 'saveBelief') this.flash.set(effect.key, effect.belief);
      if (effect.kind !== 'readVitals') continue;
      const { power, signalDbm, path } = this;
      effects.push(...this.tell({ kind: 'vitalsRead', power, signalDbm, ...(effect.path && { path }) }));
    }
    return effects;
  }

  /** Lets time pass up to `untilMs`, waking whenever that was wanted. */
  passUntil(untilMs: number): void {
    let atOnce = 0;
    while (this.wakeAt !== null && this.wakeAt <= untilMs) {
      atOnce = this.wakeAt > this.now ? 1 : atOnce + 1;
      assert.ok(atOnce <= WAKE_UPS_AT_ONCE, `busy loop at ${this.now} ms: ${JSON.stringify(this.state)}`);
      this.now = Math.max(this.now, this.wakeAt);
      this.tell({ kind: 'timePassed' });
    }
    this.now = Math.max(this.now, untilMs);
  }

  pass(seconds: number): void {
    this.passUntil(this.now + seconds * 1000);
  }

  /** Starts and comes up at once. */
  begin(serverKeepAliveSeconds: number | null = null): this {
    this.tell({ kind: 'started' });
    this.up(serverKeepAliveSeconds);
    return this;
  }

  up(serverKeepAliveSeconds: number | null = null): void {
    this.tell({ kind: 'linkUp', serverKeepAliveSeconds, tlsResumed: false });
    this.identify();
    this.tell({ kind: 'packetReceived' });
    this.tell({ kind: 'statusSettled' });
  }

  /** The shell has looked up where the connection goes through. */
  identify(network: Network = this.network): void {
    this.network = network;
    this.tell({ kind: 'networkIdentified', network, belief: this.flash.get(network.key) ?? null });
  }

  /** The far side's path forgets: the probe that is due stays unanswered, and a new connection comes up at once. */
  expire(): void {
    const before = this.connects().length;
    while (this.connects().length === before) {
      this.passUntil(this.wakeAt ?? assert.fail('nothing more to wait for'));
    }
    this.up();
  }

  /** The broker answers the newest probe, or the one with this id. */
  ack(id = this.state.nextProbeId - 1): void {
    this.tell({ kind: 'packetReceived' });
    this.tell({ kind: 'probeAcked', id });
  }

  /** Waits for the next probe and answers it after `rttMs`. */
  answerNext(rttMs = 100): void {
    const before = this.state.nextProbeId;
    while (this.state.nextProbeId === before) {
      this.passUntil(this.wakeAt ?? assert.fail('nothing more to wait for'));
    }
    this.pass(rttMs / 1000);
    this.ack();
  }

  of<K extends KeepaliveEffect['kind']>(
    kind: K,
  ): readonly { readonly at: number; readonly effect: Extract<KeepaliveEffect, { kind: K }> }[] {
    type Found = { readonly at: number; readonly effect: Extract<KeepaliveEffect, { kind: K }> };
    return this.happened.filter((each): each is Found => each.effect.kind === kind);
  }

  /** Probes sent so far, with their second. */
  probes(): readonly { readonly at: number; readonly id: number; readonly probe: Probe }[] {
    return this.of('publishProbe').map(({ at, effect }) => ({ at: at / 1000, ...effect }));
  }

  statuses(): readonly Status[] {
    return this.of('publishStatus').map(({ effect }) => effect.status);
  }

  connects(): readonly (Connect & { readonly at: number })[] {
    return this.of('connect').map(({ at, effect }) => ({ ...effect, at: at / 1000 }));
  }

  /** Names of the log lines so far, or the fields of those named. */
  logged(event: string): readonly Readonly<Record<string, unknown>>[] {
    return this.of('log').flatMap(({ effect }) => (effect.event === event ? [effect.fields] : []));
  }
}
