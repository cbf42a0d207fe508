/** What the code needs of a log. The winston face is `runtime/winston-log.ts`; tests hand in a recorder. */
import type { LogSettings } from '../config/settings.ts';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

/** Flat, JSON-able facts about one event. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

/** A log whose level can change while it is written. */
export interface ConfigurableLog extends Log {
  configure(settings: LogSettings): void;
}

/** `event` is a fact in camelCase (`linkLost`); `message` is for people. */
export interface Log {
  write(level: LogLevel, event: string, message: string, fields?: LogFields): void;
  /** Waits until everything written so far has left the process. */
  flush(): Promise<void>;
}
