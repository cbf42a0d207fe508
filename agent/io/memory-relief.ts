/** When the agent gives memory back: while it is awake anyway, after work that brought in more than waiting needs. */
import type { KeepaliveEvent } from '../policy/keepalive/types.ts';

/** V8 gives up code and reserves only when they were not used for a while. */
const RESTED_MS = 10_000;

export class MemoryRelief {
  readonly #giveBack: () => void;
  readonly #nowMs: () => number;
  /** When the connection stood; null: what it brought in has been given back. */
  #stoodMs: number | null = null;

  /** `giveBack` blocks for some milliseconds; it is called once the work at hand is done. `nowMs`: only forward. */
  constructor(giveBack: () => void, nowMs: () => number) {
    this.#giveBack = giveBack;
    this.#nowMs = nowMs;
  }

  /** The last work of a connection that comes up: what follows is waiting. */
  connectionStands(): void {
    this.#stoodMs = this.#nowMs();
    setImmediate(this.#giveBack);
  }

  /** Once more with the first probe that is answered after a rest. */
  saw({ kind }: KeepaliveEvent): void {
    if (kind !== 'probeAcked' || this.#stoodMs === null) return;
    if (this.#nowMs() - this.#stoodMs < RESTED_MS) return;
    this.#stoodMs = null;
    setImmediate(this.#giveBack);
  }
}
