/** The loop: facts in, one pure step, effects out, one timer. */
import type { BootClock } from '../runtime/boot-clock.ts';
import type { Log } from '../runtime/log.ts';
import type { ServiceManager } from '../runtime/service-manager.ts';
import type { BeliefStore } from './io/belief-store.ts';
import type { Link } from './io/mqtt-link.ts';
import type { TimerSlack } from './io/timer-slack.ts';
import { initialKeepalive, keepaliveStep } from './policy/keepalive/keepalive.ts';
import type {
  KeepaliveConfig,
  KeepaliveEffect,
  KeepaliveEvent,
  KeepaliveState,
} from './policy/keepalive/types.ts';
import { NOTHING_TOLD, noticeStep, STOPPING } from './policy/service-notice.ts';
import type { Power } from './policy/vitals.ts';

/** Somebody beside the keep-alive who follows what happens, and shares the agent's timer. */
export interface Companion {
  /** After each step of the keep-alive, its effects carried out. */
  follow(
    event: KeepaliveEvent,
    effects: readonly KeepaliveEffect[],
    state: KeepaliveState,
    now: number,
  ): void;
  /** When it wants to be woken; null: not before something happens. */
  wakeAt(): number | null;
  /** For `STATUS=`; null: nothing to say. */
  remark(): string | null;
}

/** Less is the rounding of clocks. */
const RESUMED_MS = 1000;

export interface AgentParts {
  readonly config: KeepaliveConfig;
  /** From `countStart`. */
  readonly starts: number;
  readonly clock: BootClock;
  readonly random: () => number;
  readonly log: Log;
  readonly createLink: (emit: (event: KeepaliveEvent) => void) => Link;
  readonly beliefs: BeliefStore;
  readonly serviceManager: ServiceManager;
  /** Called only while the device is awake for a probe. */
  readonly readPower: () => Power;
  readonly readSignalDbm: () => number | null;
  readonly timerSlack: TimerSlack;
  readonly companion?: Companion | null;
}

/** One device's agent. It ends when a stop was asked for and carried out. */
export class Agent {
  readonly #parts: AgentParts;
  readonly #queue: KeepaliveEvent[] = [];
  #config: KeepaliveConfig;
  #link: Link;
  #state: KeepaliveState;
  #told = NOTHING_TOLD;
  #stepping = false;
  /** Sleep that the policy knows of. */
  #suspendedMs = 0;
  #timer: NodeJS.Timeout | null = null;
  #timerAt: number | null = null;
  /** What the keep-alive alone asked for last. */
  #wakeAt: number | null = null;
  #keepAliveSeconds: number | null = null;
  #finished: () => void = () => {};

  constructor(parts: AgentParts) {
    this.#parts = parts;
    this.#config = parts.config;
    this.#state = initialKeepalive(parts.config, parts.starts, parts.random());
    this.#link = this.#newLink();
  }

  /** What a replaced link still says is not heard. */
  #newLink(): Link {
    const link: Link = this.#parts.createLink((event) => {
      if (this.#link === link) this.handle(event);
    });
    return link;
  }

  /** Starts, and resolves when the agent has left. */
  run(): Promise<void> {
    return new Promise((resolve) => {
      this.#finished = resolve;
      this.handle({ kind: 'started' });
    });
  }

  /** Says goodbye and ends; `run` resolves within two seconds. */
  stop(): void {
    this.#parts.serviceManager.notify(STOPPING);
    this.handle({ kind: 'stopRequested' });
  }

  /** Takes a fact in. Facts that an effect brings about wait for the step under way. */
  handle(event: KeepaliveEvent): void {
    this.#queue.push(event);
    if (this.#stepping) return;
    this.#stepping = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) this.#step(next);
    } finally {
      this.#stepping = false;
    }
  }

  /** Goes on under other settings; with `link: 'replaced'` over a new connection. Not while it leaves. */
  reconfigure(config: KeepaliveConfig, link: 'kept' | 'replaced'): void {
    if (this.#state.phase !== 'running') return;
    this.#config = config;
    if (link === 'replaced') {
      this.#link.dropBeside();
      this.#link.close('abandon');
      this.#link = this.#newLink();
    }
    this.handle({ kind: 'configured', link });
  }

  /** The Keep Alive of the last CONNECT, in seconds; null: there was none. */
  get keepAliveSeconds(): number | null {
    return this.#keepAliveSeconds;
  }

  /** The kernel's part of keeping the connection has changed. */
  tuneSocket(): void {
    this.#link.tuneSocket();
  }

  /** The companion has changed its mind outside a step. */
  wakeChanged(): void {
    if (!this.#stepping) this.#arm(this.#parts.clock.now());
  }

  #step(event: KeepaliveEvent): void {
    const { clock, random } = this.#parts;
    const now = clock.now();
    const asleepMs = clock.suspendedMs() - this.#suspendedMs;
    if (asleepMs >= RESUMED_MS && event.kind !== 'resumed') {
      this.#suspendedMs += asleepMs;
      this.#step({ kind: 'resumed', asleepMs });
    }
    const { state, effects, wakeAt } = keepaliveStep(this.#state, event, now, this.#config, random);
    this.#state = state;
    this.#wakeAt = wakeAt;
    for (const effect of effects) this.#carryOut(effect);
    this.#parts.companion?.follow(event, effects, state, now);
    this.#arm(now);
    // By what is waited for: a retry, or the deadline of an answer, must not be as late as a probe may be.
    if (this.#timerAt !== null) this.#parts.timerSlack.follow(this.#timerAt - now);
    this.#notify(wakeAt, now);
  }

  /** The step is done, its effects carried out and the timer set: only now is the next one promised. */
  #notify(wakeAt: number | null, now: number): void {
    const { serviceManager, companion } = this.#parts;
    const { watchdogMs } = serviceManager;
    const remark = companion?.remark() ?? null;
    const { state, text } = noticeStep(
      this.#told,
      this.#state,
      wakeAt,
      now,
      this.#config,
      watchdogMs,
      remark,
    );
    this.#told = state;
    if (text !== null) serviceManager.notify(text);
  }

  #carryOut(effect: KeepaliveEffect): void {
    const { readPower, readSignalDbm } = this.#parts;
    switch (effect.kind) {
      case 'connect':
        this.#keepAliveSeconds = effect.keepAliveSeconds;
        this.#link.connect(effect);
        break;
      case 'publishStatus':
        this.#link.publishStatus(effect.status);
        break;
      case 'publishProbe':
        this.#link.publishProbe(effect.id, effect.probe);
        break;
      case 'readVitals':
        this.#queue.push({
          kind: 'vitalsRead',
          power: readPower(),
          signalDbm: readSignalDbm(),
          ...(effect.path && { path: this.#link.path() }),
        });
        break;
      case 'connectBeside':
        this.#link.openBeside();
        break;
      case 'dropBeside':
        this.#link.dropBeside();
        break;
      case 'reportNetwork':
        this.#link.publishReport(effect.report);
        break;
      case 'saveBelief':
        this.#parts.beliefs.save(effect.key, effect.belief, effect.link);
        break;
      case 'closeLink':
        this.#link.close(effect.how);
        break;
      case 'log':
        this.#parts.log.write(effect.level, effect.event, effect.message, effect.fields);
        break;
      case 'finished':
        this.#finished();
        break;
    }
  }

  #arm(now: number): void {
    const wakeAt = earlier(this.#wakeAt, this.#parts.companion?.wakeAt() ?? null);
    if (wakeAt === this.#timerAt && (this.#timer !== null || wakeAt === null)) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timerAt = wakeAt;
    this.#timer =
      wakeAt === null
        ? null
        : setTimeout(
            () => {
              this.#timer = null;
              this.handle({ kind: 'timePassed' });
            },
            // Rounded up: a timer that fires a fraction early would be set again for nothing.
            Math.max(0, Math.ceil(wakeAt - now)),
          );
  }
}

function earlier(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other;
  return Math.min(one, other);
}
