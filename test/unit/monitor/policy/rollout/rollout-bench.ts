/** A book of rollouts on a bench: what the shell would do with its steps, by hand. */
import assert from 'node:assert/strict';
import type { Order, Rollout } from '../../../../../monitor/policy/rollout/rollout.ts';
import { RolloutBook } from '../../../../../monitor/policy/rollout/rollout-book.ts';
import type { RolloutStep } from '../../../../../monitor/policy/rollout/rollout-draft.ts';
import { type KeptRow, readRow } from '../../../../../monitor/policy/rollout/rows.ts';
import { readWaves } from '../../../../../monitor/policy/rollout/waves.ts';
import type { Target } from '../../../../../protocol/configuration.ts';
import type { ConfigurationReport, DocumentFate } from '../../../../../protocol/configuration-report.ts';

export const GROUP: Target = { kind: 'group', name: 'pilot' };
export const START_MS = 1_795_392_000_000;
export const OBSERVE = 600;
export const CONFIRM = 120;

/** A fleet and a book of rollouts over it, on a clock that the test turns. */
export class Bench {
  nowMs = 0;
  doubting = false;
  readonly alive = new Map<string, boolean>();
  readonly rows = new Map<string, string>();
  readonly published: string[] = [];
  readonly news: string[] = [];
  book: RolloutBook;
  #epoch = 1;

  constructor(devices = 40) {
    for (let at = 0; at < devices; at++) this.alive.set(`d${at}`, true);
    this.book = this.#newBook();
  }

  #newBook(): RolloutBook {
    const candidates = () => [...this.alive].map(([device, alive]) => ({ device, alive, network: null }));
    return new RolloutBook({
      aliveCount: () => candidates().filter(({ alive }) => alive).length,
      devicesOf: ({ kind, name }) => candidates().filter(({ device }) => kind === 'group' || device === name),
    });
  }

  get now() {
    return { monotonicMs: 1000 + this.nowMs, wallMs: START_MS + this.nowMs };
  }

  order(version: number, waves: readonly string[] = ['1', '25%', '100%'], target = GROUP): Order {
    const read = readWaves(waves);
    assert.ok(read.ok);
    const hash = `${version}`.padStart(16, target.kind === 'group' ? '0' : 'd');
    const terms = { expiresAtMs: START_MS + 864e5, confirmWithinSeconds: CONFIRM, observeSeconds: OBSERVE };
    return { target, version, hash, document: `jws-${version}`, waves: read.waves, ...terms };
  }

  start(order: Order): Rollout {
    const started = this.book.start(order, this.now);
    assert.ok(typeof started !== 'string', String(started));
    this.take(started);
    return started.rollout;
  }

  /** As the shell: keep, publish, tell the book what is out. */
  take(step: RolloutStep | null, publishing = true): void {
    assert.ok(step);
    for (const { key, text } of step.rows) {
      if (text === null) this.rows.delete(key);
      else this.rows.set(key, text);
    }
    for (const { what } of step.news) this.news.push(what);
    if (!publishing) return;
    const offered = new Set<string>();
    for (const each of step.publishes) {
      this.published.push(`${each.kind} ${each.kind === 'settle' ? each.target.name : each.device}`);
      if (each.kind === 'offer') offered.add(each.id);
      else if (each.kind === 'withdraw') this.take(this.book.withdrawn(each.id, each.device));
      else this.take(this.book.settled(each.id));
    }
    for (const id of offered) this.take(this.book.released(id));
  }

  tell(device: string, order: Order, state: DocumentFate['state'], reason: string | null = null): void {
    const { target, version, hash } = order;
    const running = state === 'confirmed' ? [{ target, version, hash }] : [];
    const last = { target, version, hash, state, reason, detail: '', attempt: 1 };
    this.hear(device, { epoch: this.#epoch, running, last, refusals: {}, overridden: [] });
  }

  hear(device: string, report: ConfigurationReport): void {
    this.take(this.book.reportHeard(device, report));
  }

  /** Everybody who was offered the document lives with it. */
  confirmAll(rollout: Rollout): void {
    for (const { device, fate } of [...rollout.members.values()])
      if (fate !== 'confirmed') this.tell(device, rollout.order, 'confirmed');
  }

  pass(seconds: number): void {
    for (let passed = 0; passed < seconds; passed += 10) {
      this.nowMs += 10_000;
      this.take(this.book.advance(this.now, this.doubting));
    }
  }

  restart(): void {
    this.book = this.#newBook();
    const rows = [...this.rows].sort(([a], [b]) => (a < b ? 1 : -1)).map(([key, text]) => readRow(key, text));
    assert.ok(
      rows.every((row) => row !== null),
      'every row is understood',
    );
    this.book.takeUp(rows.filter((row): row is KeptRow => row !== null));
  }
}

/** The one member that there is. */
export const only = (rollout: Rollout): string => {
  const [device, ...more] = rollout.members.keys();
  assert.ok(device !== undefined && more.length === 0);
  return device;
};
