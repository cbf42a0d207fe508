/** One monitor and its store, as the contract of the stores sees them: what happens to it, and what it then knows. */
import type { AlertSettings } from '../../../../config/alert-settings.ts';
import type { DeliveryAnswer, Sink } from '../../../../monitor/io/sinks/sink.ts';
import type { Alert, DeviceState, OutboxMessage } from '../../../../monitor/policy/device.ts';
import type { NoticeRecord } from '../../../../monitor/policy/notice-book.ts';
import type { StatusState } from '../../../../protocol/status.ts';

export const WALL_START_MS = Date.UTC(2026, 0, 1);
export const SINKS = ['log', 'webhook'] as const;
export const COUNT = 3;
/** What every device of these tests promises; it is dead after `COUNT` of them. */
export const PROMISED_SECONDS = 10;
/** Of this device nobody is told for the first hour. */
export const SILENCED = 'silenced';
export const HOUR_SECONDS = 3600;

export const ALERTS: Pick<AlertSettings, 'severity' | 'routing' | 'silences'> = {
  severity: { device: 'critical', incident: 'critical', criticalGroups: [] },
  routing: { routes: [], sinks: SINKS, repeatSeconds: null },
  silences: [
    {
      ...{ id: 'config:works', comment: 'works', groups: [], devices: [SILENCED], networks: [] },
      window: { kind: 'once', fromMs: 0, toMs: WALL_START_MS + HOUR_SECONDS * 1000 },
    },
  ],
};

/** What stands in the store, however it is kept. */
export interface Facts {
  readonly devices: Readonly<Record<string, { state: DeviceState; epoch: number; sequence: number }>>;
  /** By device, newest first: `<sequence> <state it went to>`. */
  readonly transitions: Readonly<Record<string, readonly string[]>>;
  readonly open: readonly Alert[];
  readonly resolved: readonly Alert[];
  readonly notices: readonly NoticeRecord[];
  /** By sink, those of one device in order: `<device> <event> <idempotency key>`. */
  readonly owed: Readonly<Record<string, readonly string[]>>;
}

/** The parts of a record that may be damaged. */
export const TABLES = ['devices', 'transitions', 'open-alerts', 'notices', 'outbox'] as const;
export type Table = (typeof TABLES)[number];

export interface World {
  /** A probe is heard; all it led to is durable when this resolves. */
  probe(device: string): Promise<void>;
  status(device: string, state: StatusState, epoch: number): Promise<void>;
  /** Time passes, silence is judged, and what that leads to is durable. */
  passes(seconds: number): Promise<void>;
  /** As `passes`, and `device` is heard while its silence is being judged. */
  passesWhileHeard(seconds: number, device: string): Promise<void>;
  /** The process is gone; another takes up what it left behind. */
  reopen(): Promise<void>;
  /** `among`: the devices whose transitions are wanted. */
  facts(among: readonly string[]): Promise<Facts>;
  /** Every sink is told what it is owed, and says that; what each heard, in order, as in `Facts.owed`. */
  deliver(answer: DeliveryAnswer): Promise<Facts['owed']>;
  /** Forgets what is older than so many seconds. */
  prune(olderThanSeconds: number): Promise<void>;
  /** Where the store holds `text`, in whatever way. */
  traces(text: string): Promise<readonly string[]>;
  /** Another fleet's monitor: beside this one, in another folder or under another prefix. */
  neighbour(): Promise<World>;
  /** While `isSpoiled`, the last part of what is written for an alert cannot be written. */
  spoil(isSpoiled: boolean): void;
  close(): Promise<void>;
}

/** What a store can do that others than its own process can reach. */
export interface ReachableWorld extends World {
  /** As `passes`, with a second monitor that knows the same and judges the same silence. */
  passesWithRival(seconds: number): Promise<void>;
  /** As `status`, and a second monitor hears it, too. */
  statusWithRival(device: string, state: StatusState, epoch: number): Promise<void>;
  /** What is kept of `device` there is torn. */
  tear(table: Table, device: string): Promise<void>;
  /** What was named as damaged since the start. */
  readonly named: readonly string[];
  /** The store's format becomes one that no version has yet. */
  fromTheFuture(): Promise<void>;
}

/** Says the same to everybody, and notes what it was told. */
export class NotingSink implements Sink {
  readonly name: string;
  readonly told: string[] = [];
  readonly #answer: DeliveryAnswer;

  constructor(name: string, answer: DeliveryAnswer) {
    this.name = name;
    this.#answer = answer;
  }

  async deliver(message: OutboxMessage): Promise<DeliveryAnswer> {
    this.told.push(messageWords(message));
    return this.#answer;
  }
}

export function messageWords({ event, idempotencyKey, notice }: Omit<OutboxMessage, 'id'>): string {
  return `${notice.kind === 'alert' ? notice.alert.device : '?'} ${event} ${idempotencyKey}`;
}

/** Those messages, the last of which cannot be written while `isSpoiled` says so. */
export function spoilt<M extends Omit<OutboxMessage, 'id'>>(
  messages: readonly M[],
  isSpoiled: () => boolean,
): readonly M[] {
  return messages.map((message, at) => {
    if (at < messages.length - 1) return message;
    const toJSON = (): unknown => {
      if (isSpoiled()) throw new Error('spoilt');
      return { ...message.notice };
    };
    return { ...message, notice: Object.defineProperty({ ...message.notice }, 'toJSON', { value: toJSON }) };
  });
}
