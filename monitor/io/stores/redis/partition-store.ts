/** One partition of the shared store: typed reads and writes, each one round trip. Decides nothing. */
import type { Vitals } from '../../../../protocol/probe.ts';
import type { Alert, DeviceRecord, DeviceState } from '../../../policy/device.ts';
import { recordAfter } from '../../../policy/facts.ts';
import { judgedPlace, type Plan } from '../../../shared/policy/judgement.ts';
import { countChanges, moveOf } from '../../../shared/policy/move.ts';
import type { Owed } from '../../../shared/policy/owed.ts';
import type { TickAnswer } from '../../../shared/policy/replica-clock.ts';
import type { SeenNotice, Sight } from '../../../shared/policy/sight.ts';
import { parseNotice } from '../notice-records.ts';
import { parseAlert, parseTransition, parseVitals } from '../records.ts';
import type { RedisArgument, RedisClient } from './client.ts';
import { COMMIT_SCRIPT } from './commit-script.ts';
import { DROP, FORGET } from './forget-script.ts';
import { BOOK, COUNTS, HOLD, MOVES, VERDICT } from './incident-scripts.ts';
import { type PartitionKeys, partitionKeys } from './keys.ts';
import { NOTICE } from './notice-script.ts';
import { parseRecordText, recordText } from './record-text.ts';
import { SILENCE_SCRIPTS } from './silence-store.ts';
import { LEAVE_SCRIPT, TICK_SCRIPT } from './tick-script.ts';

export const TICK = { name: 'khdTick', lua: TICK_SCRIPT } as const;
export const LEAVE = { name: 'khdLeave', lua: LEAVE_SCRIPT } as const;
export const COMMIT = { name: 'khdCommit', lua: COMMIT_SCRIPT } as const;
const INCIDENT_SCRIPTS = [HOLD, BOOK, COUNTS, MOVES, VERDICT];
export const SCRIPTS = [TICK, LEAVE, COMMIT, FORGET, DROP, NOTICE, ...INCIDENT_SCRIPTS, ...SILENCE_SCRIPTS];

/** The sorted sets whose scores are deadlines. */
export const TIMED_SETS = ['due', 'unknown', 'late'] as const;
export type TimedSet = (typeof TIMED_SETS)[number];

export interface TickRequest {
  /** `<replica>/<session>`: one of a replica's connections to the broker. */
  readonly session: string;
  readonly replica: string;
  readonly generation: number;
  /** What was heard by then is written, on the store's clock; null: this replica hears nothing. */
  readonly vouchedMs: number | null;
  readonly wantsTurn: boolean;
  readonly leaseMs: number;
  readonly stepMs: number;
  readonly turnMs: number;
  readonly allowanceMaxMs: number;
}

export interface TickReply extends TickAnswer {
  /** The session that has the turn, or ''. */
  readonly turn: string;
  /** The earliest deadline in each set; null: it is empty. */
  readonly earliest: Readonly<Record<TimedSet, number | null>>;
  readonly counts: Readonly<Record<DeviceState, number>>;
  /** By sink, in the order of the sinks. */
  readonly owed: readonly number[];
  /** Sessions that take part. */
  readonly members: readonly string[];
}

export class PartitionStore {
  readonly keys: PartitionKeys;
  readonly #redis: RedisClient;
  readonly #sinks: readonly string[];
  readonly #commitKeys: readonly string[];
  readonly #tickKeys: readonly string[];
  readonly #onDamaged: (table: string, key: string) => void;

  constructor(
    redis: RedisClient,
    prefix: string,
    partition: number,
    sinks: readonly string[],
    onDamaged: (table: string, key: string) => void,
  ) {
    const keys = partitionKeys(prefix, partition);
    const {
      clock,
      members,
      due,
      unknown,
      late,
      dead,
      left,
      devices,
      open,
      resolved,
      transitions,
      history,
      names,
      notices,
      wake,
      counts,
      moves,
    } = keys;
    const outboxes = sinks.map((sink) => keys.outbox(sink));
    this.keys = keys;
    this.#redis = redis;
    this.#sinks = sinks;
    this.#onDamaged = onDamaged;
    this.#tickKeys = [clock, members, due, unknown, late, dead, left, ...outboxes];
    this.#commitKeys = [
      ...[clock, due, unknown, late, dead, left, devices, open, resolved, transitions, history, names],
      ...[notices, wake, counts, moves],
      ...outboxes,
    ];
  }

  async tick(request: TickRequest): Promise<TickReply> {
    const { session, replica, generation, vouchedMs, wantsTurn } = request;
    const { leaseMs, stepMs, turnMs, allowanceMaxMs } = request;
    const vouched = vouchedMs === null ? -1 : Math.floor(vouchedMs);
    const args = [
      session,
      replica,
      generation,
      vouched,
      wantsTurn ? 1 : 0,
      leaseMs,
      stepMs,
      turnMs,
      allowanceMaxMs,
    ];
    return readTick((await this.#redis.script(TICK, this.#tickKeys, args)) as TickTuple);
  }

  async leave(session: string): Promise<void> {
    await this.#redis.script(LEAVE, this.#tickKeys.slice(0, 2), [session]);
  }

  /**
   * Writes new deadlines of devices that are alive, `pairs` being score, device, score, device … Says how many of
   * them changed: fewer than were given means that somebody among them is not alive.
   */
  async touch(pairs: readonly RedisArgument[]): Promise<number> {
    return Number(await this.#redis.command('ZADD', [this.keys.due, 'XX', 'CH', ...pairs]));
  }

  /** The deadlines of those of `devices` that are alive. */
  async aliveScores(devices: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const scores = (await this.#redis.command('ZMSCORE', [this.keys.due, ...devices])) as (string | null)[];
    return new Map(
      devices.flatMap((device, at) => (scores[at] == null ? [] : [[device, Number(scores[at])] as const])),
    );
  }

  async putVitals(vitals: ReadonlyMap<string, Vitals>): Promise<void> {
    if (vitals.size === 0) return;
    const pairs = [...vitals].flatMap(([device, value]) => [device, JSON.stringify(value)]);
    await this.#redis.command('HSET', [this.keys.vitals, ...pairs]);
  }

  /** Devices whose promise, by `set`, has ended by the score `highest`; earliest first. */
  async lapsed(set: TimedSet, highest: number, limit: number): Promise<readonly string[]> {
    const range = [this.keys[set], '-inf', highest, 'LIMIT', 0, limit];
    return (await this.#redis.command('ZRANGEBYSCORE', range)) as string[];
  }

  /** Devices as they are, in the order asked for. */
  async look(devices: readonly string[]): Promise<readonly Sight[]> {
    if (devices.length === 0) return [];
    const { devices: records, due, unknown, late, open, notices, vitals } = this.keys;
    const read = (name: string, key: string): Promise<(string | null)[]> =>
      this.#redis.command(name, [key, ...devices]) as Promise<(string | null)[]>;
    const [texts, dues, unknowns, lates, alerts, told, measured] = await Promise.all([
      read('HMGET', records),
      read('ZMSCORE', due),
      read('ZMSCORE', unknown),
      read('ZMSCORE', late),
      read('HMGET', open),
      read('HMGET', notices),
      read('HMGET', vitals),
    ]);
    const found = texts.map((text) => (text === null ? null : parseRecordText(text)));
    const known = await Promise.all(
      devices.map((device, at) => found[at]?.record ?? (found[at] ? this.#salvaged(device) : null)),
    );
    return devices.map((device, at) => {
      const stored = found[at];
      const score = dues[at] ?? unknowns[at] ?? lates[at] ?? null;
      return {
        device,
        version: stored?.version ?? 0,
        record: known[at] ?? null,
        end: stored?.end ?? null,
        endMs: stored?.endMs ?? 0,
        score: score === null ? null : Number(score),
        alert: this.#alert(alerts[at]),
        notice: this.#notice(told[at]),
        vitals: parseVitals(measured[at]),
      };
    });
  }

  /**
   * Commits plans, each only if its device is still as it was seen; says of each whether it went in. With a
   * generation, null when that is no longer the partition's.
   */
  async commit(
    plans: readonly Plan[],
    owedOf: (plan: Plan) => Owed,
    generation: number | null,
  ): Promise<readonly boolean[] | null> {
    const args: RedisArgument[] = [generation === null ? '' : generation, plans.length];
    for (const plan of plans) {
      const { device, version, expectedScore, record, isSaved, end, endMs, score } = plan;
      const owed = owedOf(plan);
      args.push(device, owed.notice === undefined ? '*' : (plan.notice?.text ?? ''));
      args.push(version, expectedScore ?? '');
      args.push(isSaved ? recordText(record, end, endMs) : '', judgedPlace(record.state), score);
      pushTransition(args, plan);
      pushAlert(args, plan.alert);
      args.push(owed.messages.length);
      for (const message of owed.messages)
        args.push(this.#sinks.indexOf(message.sink) + 1, JSON.stringify(message));
      args.push(
        owed.notice ? JSON.stringify(owed.notice) : owed.notice === null ? '-' : '',
        owed.wakeMs ?? '',
      );
      pushMove(args, plan, owed);
    }
    const results = (await this.#redis.script(COMMIT, this.#commitKeys, args)) as (0 | 1)[] | null;
    return results === null ? null : results.map((result) => result === 1);
  }

  /** Of a damaged record what its newest transition tells. */
  async #salvaged(device: string): Promise<DeviceRecord | null> {
    this.#onDamaged('devices', device);
    const range = [this.keys.history, `[${device}!`, `[${device} `, 'LIMIT', 0, 1];
    const [row] = (await this.#redis.command('ZREVRANGEBYLEX', range)) as string[];
    const transition = parseTransition(row?.slice(row.indexOf('{')));
    return transition === null ? null : recordAfter(transition);
  }

  /** A damaged one must not stand in the way of the alert's end: the text is what is compared. */
  #notice(text: string | null | undefined): SeenNotice | null {
    if (text == null) return null;
    const record = parseNotice(text);
    if (record === null) this.#onDamaged('notices', text.slice(0, 80));
    return { text, record };
  }

  #alert(text: string | null | undefined): Alert | null {
    if (text == null) return null;
    const alert = parseAlert(text);
    if (alert === null) this.#onDamaged('open-alerts', text.slice(0, 80));
    return alert;
  }
}

const SEQUENCE_DIGITS = 16;

function pushTransition(args: RedisArgument[], { transition }: Plan): void {
  if (transition === null) {
    args.push(0);
    return;
  }
  args.push(1, String(transition.sequence).padStart(SEQUENCE_DIGITS, '0'), JSON.stringify(transition));
}

function pushAlert(args: RedisArgument[], alert: Alert | null): void {
  if (alert === null) args.push(0);
  else args.push(1, alert.resolvedMs ?? '', JSON.stringify(alert));
}

function pushMove(args: RedisArgument[], plan: Plan, { untold }: Owed): void {
  const move = moveOf(plan, untold);
  const changes = move === null ? [] : countChanges(move);
  args.push(changes.length, ...changes.flat(), move === null ? '' : JSON.stringify(move));
}

type TickTuple = [
  ...[storeMs: number, attentiveMs: number, lagMs: number, sinceMs: number, allowanceMs: number],
  ...[generation: number, turn: string, heads: string[], counts: number[], owed: number[], members: string],
];

function readTick(tuple: TickTuple): TickReply {
  const [storeMs, attentiveMs, lagMs, sinceMs, allowanceMs, generation, turn, heads, counts, owed, members] =
    tuple;
  const earliest = (at: number): number | null => (heads[at] ? Number(heads[at]) : null);
  const count = (at: number): number => counts[at] ?? 0;
  return {
    ...{ storeMs, attentiveMs, lagMs, sinceMs, allowanceMs, generation, turn, owed },
    earliest: { due: earliest(0), unknown: earliest(1), late: earliest(2) },
    counts: { alive: count(0), unknown: count(1), late: count(2), dead: count(3), left: count(4) },
    members: members === '' ? [] : members.split(' '),
  };
}
