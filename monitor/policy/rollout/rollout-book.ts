/**
 * All rollouts, what is wanted of each target, and what each device says that it runs. Pure: it is told what happened
 * and at what time, and returns what is to be kept, and then published.
 */

import type { Target } from '../../../protocol/configuration.ts';
import type { ConfigurationReport } from '../../../protocol/configuration-report.ts';
import type { Now } from '../step.ts';
import type { Member } from './member.ts';
import type { Order, Rollout, RolloutReason } from './rollout.ts';
import type { RolloutStep } from './rollout-draft.ts';
import { RolloutShelf } from './rollout-shelf.ts';
import { reportRow } from './rows.ts';
import { type Candidate, drawOrder } from './waves.ts';

/** What the book asks about devices. */
export interface FleetFace {
  /** Those that a target means. */
  devicesOf(target: Target): Iterable<Candidate & { readonly alive: boolean }>;
  aliveCount(): number;
}

export type StartRefusal = 'older-version' | 'expired' | 'no-devices';

/** Looking at a million devices takes a moment. */
const LOOK_AGAIN_MS = 10_000;

export class RolloutBook extends RolloutShelf {
  readonly #fleet: FleetFace;
  /** When `advance` was called last, and whether the monitor trusted itself then. */
  #seen: { readonly monotonicMs: number; readonly doubting: boolean } | null = null;
  /** Spells of doubt began so far; at an offer it is noted how many. */
  #doubts = 0;

  constructor(fleet: FleetFace) {
    super();
    this.#fleet = fleet;
  }

  /** What has to be published (again) on a new link: what a broker that lost everything, or a kill, may have missed. */
  linkUp(): RolloutStep {
    for (const rollout of this.kept.values()) {
      if (rollout.state === 'running') {
        const waiting = [...rollout.members.values()].filter(({ fate }) => fate === 'offered');
        for (const member of waiting) this.#offer(rollout, member);
        if (rollout.current.state === 'releasing' && waiting.length === 0) this.#released(rollout);
      } else if (rollout.state === 'completed' && !rollout.settled) this.draft.settle(rollout);
      else this.#withdrawRest(rollout);
    }
    return this.draft.take();
  }

  /** Starts a rollout, or says why not. The document was checked before. */
  start(order: Order, now: Now): StartRefusal | (RolloutStep & { readonly rollout: Rollout }) {
    const known = this.target(order.target);
    if (known !== undefined && order.version <= known.highestVersion) return 'older-version';
    if (order.expiresAtMs <= now.wallMs) return 'expired';
    if ([...this.#fleet.devicesOf(order.target)].length === 0) return 'no-devices';
    const before = this.newestOf(order.target);
    const rollout = this.add(order, now.wallMs);
    if (before?.state === 'running' || before?.state === 'halted') this.#supersede(before, order);
    this.draft.head(rollout);
    this.draft.say(rollout, 'started');
    if (this.#seen?.doubting !== true) this.#release(rollout, now);
    this.forgetOld();
    return { ...this.draft.take(), rollout };
  }

  /** All offers of its wave are with the broker. */
  released(id: string): RolloutStep {
    const rollout = this.kept.get(id);
    if (rollout?.state === 'running' && rollout.current.state === 'releasing') this.#released(rollout);
    return this.draft.take();
  }

  /** A group's document lies at its topic: now its members' own topics can be cleared. */
  settled(id: string): RolloutStep {
    const rollout = this.kept.get(id);
    if (rollout?.state === 'completed' && !rollout.settled) {
      rollout.settled = true;
      this.draft.head(rollout);
      this.#withdrawRest(rollout);
    }
    return this.draft.take();
  }

  /** The document was taken from a member's topic. Of a rollout that is over, nothing more is to be remembered. */
  withdrawn(id: string, device: string): RolloutStep {
    const rollout = this.kept.get(id);
    rollout?.withdrawn.add(device);
    if (rollout?.isOver) {
      rollout.members.delete(device);
      this.draft.forgetMember(id, device);
    }
    return this.draft.take();
  }

  /** A device said what it runs. Returns null when the report is older than what is known. */
  reportHeard(device: string, report: ConfigurationReport): RolloutStep | null {
    const known = this.reports.get(device);
    if (known !== undefined && report.epoch < known.epoch) return null;
    if (known === undefined || JSON.stringify(known) !== JSON.stringify(report)) {
      this.putReport(device, report);
      this.draft.row(reportRow(device, report));
    }
    for (const rollout of this.kept.values()) {
      if (rollout.state === 'running' || rollout.state === 'halted') this.#told(rollout, device, report);
    }
    return this.draft.take();
  }

  /** A device was declared dead. */
  lapsed(device: string): RolloutStep {
    for (const rollout of this.kept.values()) {
      if (rollout.state !== 'running' || rollout.current.state === 'waiting') continue;
      const member = rollout.lapsed(device);
      if (member === null) continue;
      this.draft.member(rollout, member);
      this.#judge(rollout, false);
    }
    return this.draft.take();
  }

  /** Lets waves be watched, pass and follow each other. Observation stands still while the monitor doubts itself. */
  advance(now: Now, doubting: boolean): RolloutStep {
    const elapsedMs = this.#seen === null ? 0 : Math.max(0, now.monotonicMs - this.#seen.monotonicMs);
    const wasDoubting = this.#seen?.doubting ?? doubting;
    if (doubting && !wasDoubting) this.#doubts += 1;
    this.#seen = { monotonicMs: now.monotonicMs, doubting };
    for (const rollout of this.kept.values()) {
      if (rollout.state !== 'running') continue;
      if (rollout.order.expiresAtMs <= now.wallMs) this.#expire(rollout);
      else if (rollout.current.state === 'waiting') {
        if (!doubting && now.monotonicMs >= rollout.lookAgainAtMs) this.#release(rollout, now);
      } else if (rollout.current.state === 'observing') {
        if (!doubting && !wasDoubting && rollout.watch(elapsedMs)) this.draft.head(rollout);
        if (!doubting && rollout.remainingMs === 0) this.#endWave(rollout, now);
      }
    }
    return this.draft.take();
  }

  /** Hands the document to nobody more; null: there is no such rollout under way. */
  halt(id: string, text: string): RolloutStep | null {
    const rollout = this.kept.get(id);
    if (rollout?.state !== 'running') return null;
    this.#halt(rollout, { kind: 'operator', text });
    return this.draft.take();
  }

  /** Goes on; null: there is no such rollout that was halted. */
  resume(id: string, now: Now): RolloutStep | null {
    const rollout = this.kept.get(id);
    if (rollout?.state !== 'halted' || rollout.order.expiresAtMs <= now.wallMs) return null;
    for (const member of rollout.resume()) this.draft.member(rollout, member);
    const waiting = [...rollout.members.values()].filter(
      ({ fate }) => fate === 'offered' || fate === 'trying',
    );
    for (const member of waiting) this.#offer(rollout, member);
    if (waiting.length === 0 && rollout.current.state === 'releasing') this.#released(rollout);
    this.draft.head(rollout);
    this.draft.say(rollout, 'resumed');
    if (rollout.current.state === 'waiting' && !this.#seen?.doubting) this.#release(rollout, now);
    return this.draft.take();
  }

  /** The device is known no more. */
  forget(device: string): RolloutStep {
    if (this.putReport(device, null)) this.draft.row({ key: `report/${device}`, text: null });
    return this.draft.take();
  }

  #told(rollout: Rollout, device: string, report: ConfigurationReport): void {
    const { hash, target, version } = rollout.order;
    const runs = report.running.find((each) => each.hash === hash);
    const told =
      runs === undefined
        ? report.last
        : ({ ...runs, state: 'confirmed', reason: null, detail: '', attempt: 1 } as const);
    if (told?.hash !== hash) return;
    const excused =
      this.#seen?.doubting === true || (rollout.doubtsAtOffer.get(device) ?? this.#doubts) !== this.#doubts;
    const member = rollout.told(device, { ...told, target, version }, excused);
    if (member === null) return;
    this.draft.member(rollout, member);
    if (rollout.state !== 'running') return;
    if (member.fate === 'offered') this.#offer(rollout, member);
    this.#judge(rollout, false);
  }

  #release(rollout: Rollout, now: Now): void {
    const { id, order } = rollout;
    rollout.lookAgainAtMs = now.monotonicMs + LOOK_AGAIN_MS;
    const candidates = [...this.#fleet.devicesOf(order.target)];
    const known = new Map(candidates.map((each) => [each.device, each]));
    const drawn = rollout.draw(
      drawOrder(candidates, id),
      (device) => known.get(device) ?? { alive: false, network: null },
      this.#fleet.aliveCount(),
      now.wallMs,
    );
    for (const member of drawn) {
      this.draft.member(rollout, member);
      this.#offer(rollout, member);
      const report = this.reports.get(member.device);
      if (report !== undefined) this.#told(rollout, member.device, report);
    }
    if (rollout.current.state !== 'waiting') this.draft.head(rollout);
    // Everybody has it already.
    if (drawn.length === 0 && rollout.current.state === 'releasing') this.#released(rollout);
  }

  #released(rollout: Rollout): void {
    rollout.current.state = 'observing';
    this.draft.head(rollout);
    this.draft.say(rollout, 'waveReleased');
  }

  #endWave(rollout: Rollout, now: Now): void {
    if (this.#judge(rollout, true)) return;
    if (rollout.waitsForOthers()) {
      this.#release(rollout, now);
      return;
    }
    rollout.current.state = 'passed';
    this.draft.say(rollout, 'wavePassed');
    if (rollout.wave < rollout.waves.length - 1) {
      rollout.wave += 1;
      this.#release(rollout, now);
      return;
    }
    rollout.state = 'completed';
    rollout.freeze();
    this.draft.say(rollout, 'completed');
    if (rollout.order.target.kind === 'group') this.draft.settle(rollout);
    // The device's own document stays where it is.
    else rollout.settled = true;
    for (const device of rollout.settled ? [...rollout.members.keys()] : []) {
      rollout.members.delete(device);
      this.draft.forgetMember(rollout.id, device);
    }
    this.draft.head(rollout);
  }

  #judge(rollout: Rollout, isOver: boolean): boolean {
    if (rollout.state !== 'running' || !rollout.judge(isOver)) return false;
    this.#haltedNow(rollout);
    return true;
  }

  #halt(rollout: Rollout, reason: RolloutReason): void {
    rollout.state = 'halted';
    rollout.reason = reason;
    this.#haltedNow(rollout);
  }

  /** Who has not taken the document yet does not get it any more. */
  #haltedNow(rollout: Rollout): void {
    this.draft.head(rollout);
    this.draft.say(rollout, 'halted');
    this.#withdrawRest(rollout);
  }

  #expire(rollout: Rollout): void {
    this.#halt(rollout, { kind: 'expired', text: 'the document has expired; push it again' });
  }

  #supersede(rollout: Rollout, order: Order): void {
    rollout.state = 'superseded';
    rollout.reason = { kind: 'superseded', text: `v${order.version} was pushed` };
    rollout.freeze();
    this.draft.head(rollout);
    this.draft.say(rollout, 'superseded');
    this.#withdrawRest(rollout);
  }

  /** From its members' topics: of all when it is over, else of those who have not taken it. */
  #withdrawRest(rollout: Rollout): void {
    const { order, isOver, state } = rollout;
    // A device's own topic holds the newer document by now, or is to hold this one.
    if (order.target.kind === 'device' && state !== 'halted') return;
    for (const { device, fate } of rollout.members.values()) {
      if (rollout.withdrawn.has(device)) continue;
      if (isOver || fate !== 'confirmed') this.draft.withdraw(rollout, device);
    }
  }

  #offer(rollout: Rollout, { device }: Member): void {
    rollout.doubtsAtOffer.set(device, this.#doubts);
    rollout.withdrawn.delete(device);
    this.draft.offer(rollout, device);
  }
}
