/** A clock that tests turn, a log that remembers. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../../../monitor/io/clock.ts';
import type { Now } from '../../../../monitor/policy/watch.ts';
import type { Log, LogFields, LogLevel } from '../../../../runtime/log.ts';

const WALL_START_MS = Date.UTC(2026, 0, 1);

export class FakeClock implements Clock {
  #nowMs = 0;
  readonly #wallStartMs: number;
  readonly #timers = new Set<{ atMs: number; callback: () => void }>();

  constructor(wallStartMs = WALL_START_MS) {
    this.#wallStartMs = wallStartMs;
  }

  now(): Now {
    return { monotonicMs: this.#nowMs, wallMs: this.#wallStartMs + this.#nowMs };
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { atMs: this.#nowMs + ms, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Lets time pass, timer by timer; promises settle in between. */
  async pass(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    await nextTurn();
    for (;;) {
      const next = [...this.#timers].filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.callback();
      await nextTurn();
    }
    this.#nowMs = endMs;
  }
}

export interface LogLine {
  readonly level: LogLevel;
  readonly event: string;
  readonly message: string;
  readonly fields: LogFields;
}

export class FakeLog implements Log {
  readonly lines: LogLine[] = [];

  write(level: LogLevel, event: string, message: string, fields: LogFields = {}): void {
    this.lines.push({ level, event, message, fields });
  }

  async flush(): Promise<void> {}

  events(): string[] {
    return this.lines.map(({ event }) => event);
  }
}
