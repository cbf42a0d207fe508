/**
 * What was heard of devices that are not simply alive, and every status: judged with a look at each device, and
 * written only if it is still as it was seen; else judged again. In order for each device, and nothing is dropped.
 */
import type { Status } from '../../protocol/status.ts';
import type { Log } from '../../runtime/log.ts';
import type { Clock } from '../io/clock.ts';
import type { PartitionStore } from '../io/stores/redis/partition-store.ts';
import type { OutboxMessage, Transition } from '../policy/device.ts';
import { type Judged, judgeHeardProbe, judgeHeardStatus, type Plan } from './policy/judgement.ts';
import type { Sight } from './policy/sight.ts';

/** Devices in one command: small enough that nobody else waits long for Redis. */
export const SLICE = 500;

export interface WorkerSettings {
  readonly replica: string;
  readonly graceMs: number;
  readonly defaultCount: number;
  readonly leaseMs: number;
  readonly allowanceMaxMs: number;
}

export interface WorkerParts {
  readonly store: PartitionStore;
  readonly settings: WorkerSettings;
  readonly clock: Clock;
  readonly log: Log;
  readonly messagesOf: (plan: Plan) => readonly Omit<OutboxMessage, 'id'>[];
  readonly onTransition: (transition: Transition) => void;
  readonly onRefused: (reason: string) => void;
  readonly ask: (device: string) => void;
}

/** When something was heard: attentive and wall-clock ms of it, and monotonic ms of what holds time back for it. */
export interface HeardAt {
  readonly monotonicMs: number;
  readonly attentiveMs: number;
  readonly wallMs: number;
}

export type Heard =
  | {
      readonly kind: 'probe';
      readonly device: string;
      readonly promisedSeconds: number;
      readonly at: HeardAt;
    }
  | {
      readonly kind: 'status';
      readonly device: string;
      readonly status: Status;
      readonly retained: boolean;
      readonly at: HeardAt;
    };

export class HeardQueue {
  readonly #parts: WorkerParts;
  #waiting: Heard[] = [];
  /** Oldest of what is being judged just now. */
  #settlingMs = Number.POSITIVE_INFINITY;
  #isSettling = false;

  constructor(parts: WorkerParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#waiting.length;
  }

  push(heard: Heard): void {
    this.#waiting.push(heard);
  }

  /** Monotonic ms of the oldest thing that is not written; `Infinity`: all is. */
  oldestMs(): number {
    let oldestMs = this.#settlingMs;
    for (const { at } of this.#waiting) if (at.monotonicMs < oldestMs) oldestMs = at.monotonicMs;
    return oldestMs;
  }

  /** Judges and writes, a slice at a time. Never rejects; what the store does not take stays for the next call. */
  async settle(): Promise<void> {
    if (this.#isSettling || this.#waiting.length === 0) return;
    this.#isSettling = true;
    try {
      while (this.#waiting.length > 0) {
        const slice = this.#takeSlice();
        this.#settlingMs = Math.min(...slice.map(({ at }) => at.monotonicMs));
        const again = await this.#settleSlice(slice).catch((error: unknown) => {
          tellTrouble(this.#parts.log, error);
          return null;
        });
        this.#waiting.unshift(...(again ?? slice));
        this.#settlingMs = Number.POSITIVE_INFINITY;
        if (again === null) return;
      }
    } finally {
      this.#isSettling = false;
    }
  }

  /** One event of each device: the next waits for what the first makes of it. */
  #takeSlice(): Heard[] {
    const slice: Heard[] = [];
    const rest: Heard[] = [];
    const taken = new Set<string>();
    let at = 0;
    for (; at < this.#waiting.length && slice.length < SLICE; at += 1) {
      const heard = this.#waiting[at] as Heard;
      if (taken.has(heard.device)) rest.push(heard);
      else slice.push(heard);
      taken.add(heard.device);
    }
    this.#waiting = [...rest, ...this.#waiting.slice(at)];
    return slice;
  }

  /** Returns what must be judged again, because the device changed meanwhile. */
  async #settleSlice(slice: readonly Heard[]): Promise<Heard[]> {
    const sights = await this.#parts.store.look(slice.map(({ device }) => device));
    const plans: Plan[] = [];
    const planned: Heard[] = [];
    for (const [at, heard] of slice.entries()) {
      const judged = this.#judge(sights[at] as Sight, heard);
      if (judged.kind === 'plan') {
        plans.push(judged.plan);
        planned.push(heard);
      } else if (judged.reason !== 'unchanged') this.#parts.onRefused(judged.reason);
    }
    const results = (await commitPlans(this.#parts, plans, null)) ?? [];
    return planned.filter((_heard, at) => results[at] !== true);
  }

  #judge(sight: Sight, heard: Heard): Judged {
    const { defaultCount } = this.#parts.settings;
    if (heard.kind === 'status') {
      return judgeHeardStatus(sight, heard.status, heard.retained, heard.at, defaultCount);
    }
    const { promisedSeconds } = heard;
    return judgeHeardProbe(sight, { promisedSeconds, vitals: sight.vitals }, heard.at, defaultCount);
  }
}

/** Commits and tells what went in; as `PartitionStore.commit`. */
export async function commitPlans(
  { store, messagesOf, onTransition, ask }: WorkerParts,
  plans: readonly Plan[],
  generation: number | null,
): Promise<readonly boolean[] | null> {
  if (plans.length === 0) return [];
  const results = await store.commit(plans, messagesOf, generation);
  for (const [at, plan] of plans.entries()) {
    if (results?.[at] !== true) continue;
    if (plan.transition !== null) onTransition(plan.transition);
    if (plan.asks) ask(plan.device);
  }
  return results;
}

/** What is tried again by itself. */
export function tellTrouble(log: Log, error: unknown): void {
  log.write('debug', 'sharedStoreTrouble', error instanceof Error ? error.message : String(error));
}
