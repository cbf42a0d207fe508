/**
 * Tells the service manager that the monitor is ready, what it sees, and, after a round of judging is done, that it is
 * not hung (sd_notify(3)). A monitor that doubts itself is not hung: a restart would cure nobody's broker.
 */
import type { ServiceManager } from '../../runtime/service-manager.ts';
import type { DeviceState } from '../policy/device.ts';
import type { Now } from '../policy/step.ts';

/** sd_watchdog_enabled(3) advises half; a late round shall not be the last. */
const NOTICES_PER_WATCHDOG = 3;

export interface HeartbeatSources {
  counts(): Readonly<Record<DeviceState, number>>;
  doubts(): readonly string[];
}

export class Heartbeat {
  readonly #manager: ServiceManager;
  readonly #sources: HeartbeatSources;
  #toldMs: number | null = null;

  constructor(manager: ServiceManager, sources: HeartbeatSources) {
    this.#manager = manager;
    this.#sources = sources;
  }

  /** The monitor serves. */
  ready(): void {
    this.#manager.notify(`READY=1\n${this.#status()}`);
  }

  /** A round of judging is done. */
  judged({ monotonicMs }: Now): void {
    const { watchdogMs } = this.#manager;
    if (watchdogMs === null) return;
    if (this.#toldMs !== null && monotonicMs - this.#toldMs < watchdogMs / NOTICES_PER_WATCHDOG) return;
    this.#toldMs = monotonicMs;
    this.#manager.notify(`WATCHDOG=1\n${this.#status()}`);
  }

  stopping(): void {
    this.#manager.notify('STOPPING=1\nSTATUS=bringing the last changes into the store');
  }

  #status(): string {
    const { alive, late, dead, left, unknown } = this.#sources.counts();
    const doubts = this.#sources.doubts();
    const doubt = doubts.length === 0 ? '' : `; nobody is declared dead: ${doubts.join(', ')}`;
    return `STATUS=${alive} alive, ${late} late, ${dead} dead, ${left} left, ${unknown} unknown${doubt}`;
  }
}
