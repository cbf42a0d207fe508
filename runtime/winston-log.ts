/** The log on winston: JSON lines in a service, a readable line on a terminal. The only import of winston. */
import { Writable } from 'node:stream';
import { createLogger, format, transports } from 'winston';
import type { LogSettings } from '../config/settings.ts';
import { type LevelPrefix, levelPrefix, NO_PREFIX } from './journal.ts';
import type { ConfigurableLog, LogFields, LogLevel } from './log.ts';

const LEVELS: Readonly<Record<LogLevel, number>> = { error: 0, warn: 1, info: 2, debug: 3 };

export interface LogOutput {
  /** Default: standard output. */
  readonly stream?: Writable;
  /** Decides what the format `auto` means. Default: whether standard output is a terminal. */
  readonly isTerminal?: boolean;
  /** Default: on a terminal, unless `NO_COLOR` is set to anything. */
  readonly color?: boolean;
  readonly now?: () => Date;
  /** Default: what the journal wants, where standard output leads there. */
  readonly prefix?: LevelPrefix;
}

interface Entry {
  readonly time: string;
  readonly level: LogLevel;
  readonly event: string;
  readonly message: string;
  readonly fields: LogFields;
}

/**
 * A log at `settings.level`. When the output breaks (a closed pipe), later lines are dropped: the service goes
 * on without them.
 */
export function createLog(initial: LogSettings, output: LogOutput = {}): ConfigurableLog {
  let settings = initial;
  const isTerminal = output.isTerminal ?? process.stdout.isTTY === true;
  const color = output.color ?? (isTerminal && (process.env.NO_COLOR ?? '') === '');
  const isPretty = (): boolean => settings.format === 'pretty' || (settings.format === 'auto' && isTerminal);
  const prefix = output.prefix ?? (output.stream === undefined ? levelPrefix(1) : NO_PREFIX);
  const sink = lineSink(output.stream ?? process.stdout);
  const logger = createLogger({
    levels: LEVELS,
    // Decided before a line is made; winston is to let through what it is given.
    level: 'debug',
    format: format.printf((info) => {
      const entry = info.entry as Entry;
      return `${prefix(entry.level)}${isPretty() ? prettyLine(entry, color) : jsonLine(entry)}`;
    }),
    transports: [new transports.Stream({ stream: sink.stream, eol: '\n' })],
  });
  const now = output.now ?? (() => new Date());
  return {
    write(level, event, message, fields = {}) {
      if (LEVELS[level] > LEVELS[settings.level]) return;
      sink.expectLine();
      const entry: Entry = { time: now().toISOString(), level, event, message, fields };
      logger.log({ level, message, entry });
    },
    flush: () => sink.flush(),
    configure(next) {
      settings = next;
    },
  };
}

/** Counts lines on their way, so that `flush` can wait for exactly those. */
function lineSink(target: Writable): {
  readonly stream: Writable;
  expectLine(): void;
  flush(): Promise<void>;
} {
  let expected = 0;
  let done = 0;
  let broken = false;
  let waiting: { readonly upTo: number; readonly resolve: () => void }[] = [];
  const settle = () => {
    const ready = waiting.filter(({ upTo }) => broken || done >= upTo);
    waiting = waiting.filter((entry) => !ready.includes(entry));
    for (const { resolve } of ready) resolve();
  };
  const breakDown = () => {
    broken = true;
    settle();
  };
  target.on('error', breakDown);
  target.on('close', breakDown);
  const stream = new Writable({
    decodeStrings: false,
    write(line, _encoding, callback) {
      if (broken) {
        callback();
        return;
      }
      target.write(line, () => {
        done += 1;
        settle();
        callback();
      });
    },
  });
  return {
    stream,
    expectLine: () => {
      expected += 1;
    },
    flush: () =>
      new Promise((resolve) => {
        waiting.push({ upTo: expected, resolve });
        settle();
      }),
  };
}

const RESERVED: ReadonlySet<string> = new Set(['time', 'level', 'event', 'message']);

/** A field that is named as one of the line's own keys is kept beside it. */
const fieldName = (name: string): string => (RESERVED.has(name) ? `field_${name}` : name);

function jsonLine({ time, level, event, message, fields }: Entry): string {
  const named = Object.entries(fields).map(([name, value]) => [fieldName(name), value]);
  return JSON.stringify({ time, level, event, message, ...Object.fromEntries(named) });
}

const PAINT: Readonly<Record<LogLevel | 'dim', string>> = {
  error: '\u001b[31m',
  warn: '\u001b[33m',
  info: '\u001b[32m',
  debug: '\u001b[36m',
  dim: '\u001b[2m',
};
const RESET = '\u001b[0m';

function prettyLine({ time, level, event, message, fields }: Entry, color: boolean): string {
  const paint = (text: string, code: string): string => (color ? `${code}${text}${RESET}` : text);
  const pairs = [`event=${prettyValue(event)}`];
  for (const [name, value] of Object.entries(fields)) {
    pairs.push(`${plain(fieldName(name))}=${prettyValue(value)}`);
  }
  return [
    paint(time.slice(11, 23), PAINT.dim),
    paint(level.padEnd(5), PAINT[level]),
    plain(message),
    paint(pairs.join(' '), PAINT.dim),
  ].join(' ');
}

/** Control characters escaped: a field from the network must not move the cursor or forge a line. */
function plain(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function prettyValue(value: LogFields[string]): string {
  if (typeof value !== 'string') return plain(Array.isArray(value) ? value.join(',') : String(value));
  return plain(/^[^\s"=]+$/.test(value) ? value : JSON.stringify(value));
}
